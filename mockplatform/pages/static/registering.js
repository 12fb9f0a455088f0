// The tool says by a message that its registration is over (Dynamic Registration 1.0, section 3.7).
"use strict";

addEventListener("message", (event) => {
  const tool = document.getElementById("tool");
  if (event.source !== tool.contentWindow) return;
  const subject = typeof event.data === "string" ? event.data : event.data?.subject;
  if (subject === "org.imsglobal.lti.close") location.assign(document.getElementById("done").href);
});
