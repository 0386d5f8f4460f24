/* The payment page: shows the payment service's own form and sends the shopper on when it is done.
   Card data stays inside the service's frame. */
(() => {
  "use strict";
  const form = document.getElementById("payment");
  const said = document.getElementById("payment-error");
  const button = form.querySelector("button");
  const say = (text) => { said.textContent = text || ""; said.hidden = !text; };
  const block = () => { form.hidden = true; document.getElementById("payment-blocked").hidden = false; };
  if (typeof window.Stripe !== "function") { block(); return; }
  const { key, secret, language, down } = form.dataset;
  const isDark = document.documentElement.dataset.theme === "dark"
    || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  const stripe = window.Stripe(key, { locale: language });
  const elements = stripe.elements({ clientSecret: secret, appearance: { theme: isDark ? "night" : "stripe" } });
  const element = elements.create("payment");
  element.on("ready", () => { button.disabled = false; });
  element.on("loaderror", block);
  form.hidden = false;
  element.mount("#payment-element");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    say("");
    try {
      const answer = await stripe.confirmPayment({ elements, confirmParams: { return_url: form.dataset.return } });
      say(answer.error.message); // else the shopper was sent on
    } catch { say(down); }
    button.disabled = false;
  });
})();
