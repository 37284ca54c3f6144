// Readies the forms that need passkeys where the browser has them, and says when one was not given.
(() => {
  "use strict";
  if (!window.PublicKeyCredential) return;
  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    const button = form.querySelector("[data-passkey-button]").id;
    const { credential, passwordless } = form.elements;
    // django-allauth names the button after what the form is for.
    const ids = { login: button, authenticate: button, add: button, credential: credential.id, data: "passkey-data" };
    if (passwordless) ids.passwordless = passwordless.id;
    window.allauth.webauthn.forms[form.dataset.passkey]({ ids });
    form.hidden = false;
  });
  document.querySelectorAll("[data-no-passkey]").forEach((part) => { part.hidden = true; });
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    document.querySelectorAll("[data-passkey-error]").forEach((part) => { part.hidden = false; });
  });
})();
