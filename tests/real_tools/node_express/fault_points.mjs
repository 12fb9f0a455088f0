// The tool's test mode: points at which its back end can be made to fail, and the routes that do so.
//
// The control endpoint is the one that lti-conformance describes for `driver = "control"`.
import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import express from "express";

const PATH = "/.lti-conformance/faults";
const BACKEND_LIMIT_MS = 100;
const MODES = ["error", "timeout", "garbage", "empty"];
const POINTS = [
  "credentials.read",
  "zoom_auth.read",
  "course_link.read",
  "meeting_defaults.read",
  "class.create",
  "deferred.create",
  "enrollment.write",
  "class.read",
  "zoom.session",
];

const armed = new Map(); // faults by id

// Whether the back end may go on at a point: not where it finds or makes nothing. Where it fails, `failure` is thrown.
export async function reach(point, failure) {
  const fault = [...armed.values()].find((one) => one.point === point && one.left > 0 && one.ends > Date.now());
  if (!fault) return true;
  fault.left -= 1;
  fault.hits += 1;
  if (fault.mode === "empty") return false;
  if (fault.mode === "timeout") await pause(BACKEND_LIMIT_MS);
  throw failure;
}

// Routes that exist for nobody but whoever knows the secret. `states` are what tests can arrange, by path.
export function testRoutes(secret, states) {
  const routes = express.Router();
  routes.use((req, res, next) => (knows(req, secret) ? next() : next("router")));
  routes.use(express.json());
  for (const [path, arrange] of Object.entries(states)) {
    routes.post(path, (req, res) => {
      arrange(req.body);
      res.sendStatus(204);
    });
  }
  routes.post(PATH, arm);
  routes.delete(PATH, (req, res) => {
    armed.clear();
    res.sendStatus(204);
  });
  routes.get(`${PATH}/:id`, (req, res, next) => {
    const fault = live(req.params.id);
    return fault ? res.json({ hits: fault.hits }) : next();
  });
  routes.delete(`${PATH}/:id`, (req, res, next) => {
    const known = live(req.params.id) !== undefined;
    armed.delete(req.params.id);
    return known ? res.sendStatus(204) : next();
  });
  return routes;
}

function arm(req, res) {
  const { point, mode, times, ttl_s: seconds } = req.body ?? {};
  const refuse = (status, error) => res.status(status).json({ error });
  if (!POINTS.includes(point)) return refuse(422, `no such point; there are ${POINTS.join(", ")}`);
  if (!MODES.includes(mode)) return refuse(422, `no such mode; there are ${MODES.join(", ")}`);
  if (times !== null && !(Number.isInteger(times) && times > 0)) return refuse(422, "times is no number of failures");
  if (!(typeof seconds === "number" && seconds > 0)) return refuse(422, "ttl_s is no number of seconds");
  if ([...armed.keys()].some((id) => live(id)?.point === point)) return refuse(409, "the point is armed already");
  const id = randomUUID();
  armed.set(id, { point, mode, left: times ?? Infinity, hits: 0, ends: Date.now() + seconds * 1000 });
  return res.status(201).json({ id });
}

function live(id) {
  const fault = armed.get(id);
  return fault && fault.ends > Date.now() ? fault : undefined;
}

// Digests are of one length, as the comparison wants them.
function knows(req, secret) {
  const [given, wanted] = [req.get("authorization") ?? "", `Bearer ${secret}`].map((text) =>
    createHash("sha256").update(text).digest(),
  );
  return timingSafeEqual(given, wanted);
}
