// Keeps data for tools in frames that get no cookies (LTI Client Side postMessages 0.1, LTI Postmessage Storage 0.1).
//
// What a tool keeps is kept by the origin it asks from, in this page, and is gone with it.
"use strict";

const LIMITS = Object.freeze({ keys: 500, keyLength: 1024, valueLength: 4096 });

class StorageError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

// Makes the function that turns a message and its origin into the answer; null: the message is none of ours.
function createToolStorage({ origins, frame = "", limits = LIMITS }) {
  const allowed = new Set(origins);
  const kept = new Map();

  function keyOf(message) {
    const { key } = message;
    if (typeof key !== "string" || key === "") {
      throw new StorageError("bad_request", "key is missing or not a text");
    }
    if (key.length > limits.keyLength) {
      throw new StorageError("storage_exhaustion", `key has more than ${limits.keyLength} characters`);
    }
    return key;
  }

  function put(message, origin) {
    const key = keyOf(message);
    const { value } = message;
    const own = kept.get(origin) ?? new Map();
    if (value === null || value === undefined) {
      own.delete(key);
      return { key, value: null };
    }
    if (typeof value !== "string") {
      throw new StorageError("bad_request", "value is neither a text nor null");
    }
    if (value.length > limits.valueLength) {
      throw new StorageError("storage_exhaustion", `value has more than ${limits.valueLength} characters`);
    }
    if (!own.has(key) && own.size >= limits.keys) {
      throw new StorageError("storage_exhaustion", `${limits.keys} keys are kept already; put null to remove one`);
    }
    kept.set(origin, own.set(key, value));
    return { key, value };
  }

  function get(message, origin) {
    const key = keyOf(message);
    return { key, value: kept.get(origin)?.get(key) ?? null };
  }

  function capabilities() {
    const where = frame ? { frame } : {};
    return {
      supported_messages: [
        { subject: "lti.capabilities" },
        { subject: "lti.put_data", ...where },
        { subject: "lti.get_data", ...where },
      ],
    };
  }

  const subjects = new Map([
    ["lti.capabilities", capabilities],
    ["lti.put_data", put],
    ["lti.get_data", get],
  ]);

  function outcome(message, origin) {
    if (!allowed.has(origin)) {
      throw new StorageError("wrong_origin", `${origin} is the origin of no tool that is registered here`);
    }
    if (!subjects.has(message.subject)) {
      throw new StorageError("unsupported_subject", `${message.subject} is not supported`);
    }
    if (typeof message.message_id !== "string" || message.message_id === "") {
      throw new StorageError("bad_request", "message_id is missing or not a text");
    }
    return subjects.get(message.subject)(message, origin);
  }

  return function answer(message, origin) {
    const subject = message?.subject;
    // Answers are not answered, or two pages could talk to each other for ever.
    if (typeof subject !== "string" || !subject.startsWith("lti.") || subject.endsWith(".response")) {
      return null;
    }
    const known = typeof message.message_id === "string" ? { message_id: message.message_id } : {};
    const named = { subject: `${subject}.response`, ...known };
    try {
      return { ...named, ...outcome(message, origin) };
    } catch (error) {
      if (!(error instanceof StorageError)) {
        throw error;
      }
      return { ...named, error: { code: error.code, message: error.message } };
    }
  };
}

// Answers the messages of a window, each to where it came from and to its origin only.
function listenForTools(target, answer) {
  target.addEventListener("message", (event) => {
    const told = answer(event.data, event.origin);
    // A frame without an origin, as a sandbox makes it, cannot be answered without everybody hearing it.
    if (told !== null && event.source !== null && event.origin !== "null") {
      event.source.postMessage(told, event.origin);
    }
  });
}
