// The product behind the launch: classes, and the Zoom accounts of their teachers.
import { randomUUID } from "node:crypto";
import { reach } from "./fault_points.mjs";
import { Refusal, failed, unmet } from "./refusal.mjs";

const zoomAuthorisations = new Set(); // addresses
const meetingDefaults = { waitingRoom: true };
const courseLinks = new Map(); // ids of classes, by course
const classes = new Map(); // by id
const enrolments = new Set(); // class and person
const deferred = new Map(); // courses that wait for their teacher, by address

// The title of the class that a launch leads into.
export async function enter({ issuer, deploymentId, courseId, personId, email, title, teaches }) {
  const course = keyOf(issuer, deploymentId, courseId);
  if (teaches && !((await reach("zoom_auth.read", failed(1008))) && zoomAuthorisations.has(email))) throw unmet(1009);
  let id = (await reach("course_link.read", failed(1010))) ? courseLinks.get(course) : undefined;
  if (!id && !teaches) throw unmet(1011);
  if (!id) {
    const settings = (await reach("meeting_defaults.read", failed(1012))) ? meetingDefaults : {};
    if (!(await reach("class.create", failed(1014)))) throw failed(1014);
    id = createClass(course, title, settings);
  }
  if (teaches && deferred.has(email)) {
    if (!(await reach("deferred.create", failed(1013)))) throw failed(1013);
    for (const waiting of deferred.get(email) ?? []) createClass(waiting, "Prepared in advance", {});
    deferred.delete(email);
  }
  if (!(await reach("enrollment.write", failed(1015)))) throw failed(1015);
  enrolments.add(keyOf(id, personId));
  if (!(await reach("class.read", failed(1016)))) throw failed(1016);
  return classes.get(id).title;
}

// The class of a course; there is one already if somebody else was quicker.
function createClass(course, title, settings) {
  if (!courseLinks.has(course)) {
    courseLinks.set(course, randomUUID());
    classes.set(courseLinks.get(course), { title, settings });
  }
  return courseLinks.get(course);
}

// Editing a class takes a live Zoom session.
export async function useZoom(email) {
  const missing = new Refusal("security", undefined, 1337);
  if (!((await reach("zoom.session", missing)) && zoomAuthorisations.has(email))) throw missing;
}

// States that tests arrange.

export function authoriseZoom({ email }) {
  zoomAuthorisations.add(email);
}

export function deferClass({ email, issuer, deployment_id: deployment, context_id: course }) {
  deferred.set(email, [...(deferred.get(email) ?? []), keyOf(issuer, deployment, `${course}-prepared`)]);
}

function keyOf(...parts) {
  return JSON.stringify(parts);
}
