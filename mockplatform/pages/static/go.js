// A field may be called "submit", and would hide the form's own method of that name.
HTMLFormElement.prototype.submit.call(document.forms[0]);
