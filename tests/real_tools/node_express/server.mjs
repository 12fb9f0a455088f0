// A virtual classroom as an LTI 1.3 tool, with Express and jose. All that it knows lives in memory.
//
// It finds its registration in the LTI_* variables and listens at PORT. With LTI_FAULTS_SECRET it runs in test mode.
import { randomBytes } from "node:crypto";
import express from "express";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { authoriseZoom, deferClass, enter, useZoom } from "./classroom.mjs";
import { reach, testRoutes } from "./fault_points.mjs";
import { Refusal, failed, invalid, security, unusable } from "./refusal.mjs";

const CLAIM = "https://purl.imsglobal.org/spec/lti/claim/";
const TEACHING = new RegExp(
  "^(http://purl\\.imsglobal\\.org/vocab/lis/v2/membership(#Instructor|/Instructor#\\w+)" +
    "|(urn:lti:role:ims/lis/)?(Instructor|TeachingAssistant)(/\\w+)?)$",
);
const ATTRIBUTES = { email: ["user_email", 1004], courseId: ["course_code", 1005], personId: ["person_ref", 1018] };
const STATUS = { invalid: 400, security: 401, unknown: 500 };
// What the library calls a fault, or the claim that it lies in; anything else is a bad signature.
const TYPES = {
  ERR_JOSE_ALG_NOT_ALLOWED: "AlgorithmNotAllowed",
  iss: "IssuerMismatch",
  aud: "AudienceMismatch",
  exp: "TokenExpired",
  nbf: "TokenExpired",
  iat: "TokenExpired",
};
const LOGIN_MS = 10 * 60_000;
const LEEWAY_S = 60;
const AHEAD_S = 300;

const { env } = process;
const BASE = env.BASE_URL ?? `http://127.0.0.1:${env.PORT}`;
const COOKIE = { httpOnly: true, secure: true, sameSite: "none" };

// The platform, the same with attribute names of its own, and a second platform with the same keys.

const platform = {
  issuer: env.LTI_PLATFORM_ISSUER,
  clientId: env.LTI_CLIENT_ID,
  deploymentId: env.LTI_DEPLOYMENT_ID,
  authUrl: env.LTI_PLATFORM_AUTH_URL,
  keys: createRemoteJWKSet(new URL(env.LTI_PLATFORM_JWKS_URL)),
  attributes: {},
};
const registrations = [
  platform,
  { ...platform, clientId: env.LTI_ATTRIBUTES_CLIENT_ID, attributes: ATTRIBUTES },
  {
    ...platform,
    issuer: env.LTI_SECOND_ISSUER,
    clientId: env.LTI_SECOND_CLIENT_ID,
    deploymentId: env.LTI_SECOND_DEPLOYMENT_ID,
  },
].filter(({ issuer, clientId }) => issuer && clientId);

const logins = new Map(); // by state
const sessions = new Map(); // by id

// The login (SEC 5.1.1).

async function beginLogin(req, res) {
  const given = { ...req.query, ...req.body };
  if (!["iss", "login_hint", "target_link_uri"].every((name) => isText(given[name]))) throw invalid("MissingParameter");
  if ("client_id" in given && !isText(given.client_id)) throw invalid("MissingParameter", 1020);
  const registration = await registrationOf(given.iss, given.client_id);
  if (!isOwn(given.target_link_uri)) throw invalid("InvalidClaim");
  const [state, nonce] = [random(), random()];
  for (const [old, { ends }] of logins) if (ends < Date.now()) logins.delete(old);
  logins.set(state, { nonce, registration, spent: false, ends: Date.now() + LOGIN_MS });
  const url = new URL(registration.authUrl);
  const request = {
    scope: "openid",
    response_type: "id_token",
    response_mode: "form_post",
    prompt: "none",
    client_id: registration.clientId,
    redirect_uri: `${BASE}/lti/launch`,
    login_hint: given.login_hint,
    state,
    nonce,
    ...(typeof given.lti_message_hint === "string" && { lti_message_hint: given.lti_message_hint }),
  };
  for (const [name, value] of Object.entries(request)) url.searchParams.set(name, value);
  res.cookie(stateCookie(state), state, { ...COOKIE, maxAge: LOGIN_MS, path: "/lti" }).redirect(url.href);
}

async function registrationOf(issuer, clientId) {
  const there = await reach("credentials.read", failed(1003));
  const found = registrations.filter((one) => one.issuer === issuer && (clientId ?? one.clientId) === one.clientId);
  if (!there || found.length === 0) throw invalid("RegistrationNotFound", 1002);
  if (found.length > 1) throw invalid("MissingParameter", 1020);
  return found[0];
}

// The launch (SEC 5.1.3): whose token it is, then what it says (CORE 5.3), then the class.

async function finishLaunch(req, res) {
  const form = req.body ?? {};
  if ("error" in form) throw security("AuthenticationFailed");
  if (!isText(form.id_token)) throw invalid("MissingParameter");
  const login = logins.get(form.state);
  if (!login || login.ends < Date.now() || cookiesOf(req)[stateCookie(form.state)] !== form.state) {
    throw security("StateMismatch");
  }
  const registration = await registrationOf(login.registration.issuer, login.registration.clientId);
  const claims = await verified(form.id_token, registration);
  spend(claims.nonce, login);
  const person = { issuer: registration.issuer, ...readMessage(claims, registration) };
  const title = await enter(person);
  const session = random();
  sessions.delete(cookiesOf(req).session);
  sessions.set(session, person);
  res.cookie("session", session, COOKIE).send(page(`Welcome, ${html(person.name)}, to ${html(title)}`));
}

async function verified(token, { issuer, clientId, keys }) {
  // The library reads base64 with blanks and padding as well; a token has one spelling only.
  if (!/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) throw invalid("InvalidJson");
  const wanted = {
    algorithms: ["RS256"],
    issuer,
    audience: clientId,
    clockTolerance: LEEWAY_S,
    requiredClaims: ["exp"],
  };
  const { payload } = await jwtVerify(token, (header) => keyOf(header, keys), wanted).catch((error) => {
    if (error.klass) throw error;
    throw error.code === "ERR_JWT_INVALID" ? invalid("InvalidJson") : security(TYPES[error.claim ?? error.code]);
  });
  if ([payload.aud].flat().some((one) => one !== clientId)) throw security("AudienceMismatch");
  if (![undefined, clientId].includes(payload.azp)) throw security("AudienceMismatch");
  if (payload.iat === undefined) throw invalid("MissingClaim");
  if (payload.iat > Date.now() / 1000 + AHEAD_S || payload.exp === Infinity) throw security("TokenExpired");
  return payload;
}

// The platform's key that a header names (SEC 6.3); the library turns down what is no key for this algorithm.
async function keyOf({ kid, typ }, keys) {
  if (!isText(kid)) throw security("KidMissing");
  if (String(typ ?? "JWT").toUpperCase() !== "JWT") throw security("SignatureInvalid");
  const header = { alg: "RS256", kid };
  // The set that is held is asked first. The key may be newer, or the set may have been wrong and be right by now.
  const found = keys(header).catch(() => keys.reload().then(() => keys(header)));
  const key = await found.catch(({ code }) => {
    throw code === "ERR_JWKS_NO_MATCHING_KEY" ? security("KidNotFound") : failed(1017);
  });
  // RFC 8017, section 3.1, has exponents from 3, and the library does not look: to the power of one, the padded hash is
  // its own signature.
  if (BigInt(`0x${Buffer.from(key.algorithm.publicExponent).toString("hex")}`) < 3n) throw failed(1017);
  return key;
}

function spend(nonce, login) {
  if (!isText(nonce)) throw security("NonceMissing");
  if (nonce !== login.nonce || login.spent) {
    const spent = [...logins.values()].some((one) => one.nonce === nonce && one.spent);
    throw security(spent ? "NonceReused" : "NonceNotFound");
  }
  login.spent = true;
}

function readMessage(claims, { deploymentId, attributes }) {
  const lti = (name) => claims[CLAIM + name];
  const member = (name) => (Object(lti(name)) === lti(name) ? lti(name) : {});
  const must = (value, good, code) => {
    if (!good) throw unusable(value, code);
    return value;
  };
  must(lti("version"), lti("version") === "1.3.0", 1021);
  must(lti("message_type"), lti("message_type") === "LtiResourceLinkRequest");
  must(lti("deployment_id"), isText(lti("deployment_id")));
  if (lti("deployment_id") !== deploymentId) throw invalid("DeploymentNotFound", 1002);
  must(lti("target_link_uri"), isOwn(lti("target_link_uri")));
  must(member("resource_link").id, isText(member("resource_link").id));
  must(claims.sub, isText(claims.sub) && !/[\x00-\x1f\x7f-\x9f]/.test(claims.sub), 1022);
  const roles = lti("roles");
  must(roles, Array.isArray(roles) && roles.every((role) => typeof role === "string"), 1024);
  for (const [field, code] of Object.values(attributes)) must(undefined, field in member("custom"), code);

  const value = (name, claim) => (attributes[name] ? member("custom")[attributes[name][0]] : claim);
  const telling = (text, code) => must(text, says(text), code);
  const names = [claims.name, claims.given_name, claims.family_name].filter((name) => (name ?? null) !== null);
  const person = {
    deploymentId,
    email: telling(value("email", claims.email), 1006),
    courseId: telling(value("courseId", member("context").id), 1007),
    name: telling(names.find(says) ?? names[0], 1019),
    personId: telling(value("personId", claims.sub), 1022),
    title: telling(member("context").title, 1023),
    teaches: roles.some((role) => TEACHING.test(role)),
  };
  must(
    roles,
    roles.some((role) => role.trim()),
    1024,
  );
  return person;
}

async function editClass(req, res) {
  const person = sessions.get(cookiesOf(req).session);
  if (!person?.teaches || !isOwn(req.get("origin") ?? BASE)) throw new Refusal("security");
  await useZoom(person.email);
  res.send(page("Saved"));
}

// Pages and small things.

const random = () => randomBytes(32).toString("base64url");
const stateCookie = (state) => `state_${String(state).slice(0, 16)}`;
const cookiesOf = (req) => Object.fromEntries((req.get("cookie") ?? "").split("; ").map((pair) => pair.split("=")));
const isText = (value) => typeof value === "string" && value !== "";
const isOwn = (url) => URL.canParse(url) && new URL(url).origin === new URL(BASE).origin;
// A variable that the platform did not know comes as its name (CORE 5.4.6.1).
const says = (value) => isText(value) && value.trim() !== "" && !/^\s*\$[A-Za-z]+(\.\w+)+\s*$/.test(value);
const html = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.codePointAt(0)};`);
const page = (text, attributes = 'id="course"') =>
  `<!doctype html><title>Class</title><main ${attributes}>${text}</main>`;

function refuse(error, req, res, _next) {
  // What Express itself refuses, such as a form that is too large, has a status of its own.
  const { klass, type, code } = error.klass
    ? error
    : error.status < 500
      ? invalid("MissingParameter")
      : new Refusal("unknown");
  if (!error.klass) console.error(error);
  const told = [`class=${klass}`, type && `type="${type}"`, code && `code=${code}`].filter(Boolean).join(", ");
  const attributes = code ? `data-error-code="${code}"` : "";
  res
    .status(STATUS[klass])
    .set("LTI-Error", told)
    .send(page(`This did not work (${code ?? klass}).`, attributes));
}

const app = express().disable("x-powered-by");
if (env.LTI_FAULTS_SECRET) {
  app.use(testRoutes(env.LTI_FAULTS_SECRET, { "/test/zoom-auth": authoriseZoom, "/test/deferred": deferClass }));
}
const form = express.urlencoded({ extended: false, limit: "4mb" });
app.get("/", (req, res) => res.send(page("Open this tool from your course.")));
app.all("/lti/login", form, beginLogin);
app.post("/lti/launch", form, finishLaunch);
app.get("/api/me", (req, res) => {
  const person = sessions.get(cookiesOf(req).session);
  res.status(person ? 200 : 401).json(person ?? {});
});
app.post("/class/edit", editClass);
app.use(refuse);
const server = app.listen(Number(env.PORT), "127.0.0.1", (error) => {
  if (error) throw error;
  console.log(`http://127.0.0.1:${server.address().port}`);
});
