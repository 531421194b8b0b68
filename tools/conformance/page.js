const tests = [...document.querySelectorAll("details")];
const buttons = [...document.querySelectorAll("nav button")];
const field = document.querySelector("nav input");

function show() {
  const wanted = buttons.filter((b) => b.ariaPressed === "true").map((b) => b.dataset.filter);
  const words = field.value.toLowerCase();
  for (const test of tests) {
    const fits = !wanted.length || wanted.includes(test.dataset.outcome);
    test.hidden = !fits || !test.textContent.toLowerCase().includes(words);
  }
  for (const section of document.querySelectorAll("section")) {
    section.hidden = [...section.querySelectorAll("details")].every((test) => test.hidden);
  }
  document.querySelector("#none").hidden = tests.some((test) => !test.hidden);
}

for (const button of buttons) {
  button.addEventListener("click", () => {
    button.ariaPressed = button.ariaPressed === "true" ? "false" : "true";
    show();
  });
}
field.addEventListener("input", show);
