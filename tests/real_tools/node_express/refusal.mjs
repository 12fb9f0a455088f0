// Why a request is refused: class and code are for machines, the page is for people.

export class Refusal extends Error {
  constructor(klass, type, code) {
    super(`${klass} ${type} ${code}`);
    Object.assign(this, { klass, type, code });
  }
}

// What was sent or set up is wrong; trust could not be established; somebody has to do something else first; something
// behind the tool did not work.
export const invalid = (type, code = 1001) => new Refusal("invalid", type, code);
export const security = (type = "SignatureInvalid", code = 1001) => new Refusal("security", type, code);
export const unmet = (code) => new Refusal("invalid", undefined, code);
export const failed = (code) => new Refusal("unknown", "Unknown", code);
export const unusable = (value, code) => invalid((value ?? null) === null ? "MissingClaim" : "InvalidClaim", code);
