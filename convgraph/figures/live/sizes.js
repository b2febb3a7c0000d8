"use strict";
// Sliders choose among figures that came along, and the lines that draw the one that is shown.

const data = JSON.parse(document.querySelector(".cg-data").textContent);
const sliders = [...document.querySelectorAll("input[type=range]")];
const stage = document.querySelector(".cg-stage");

function show() {
  const chosen = sliders.map((slider) => slider.value);
  const { svg, widths, words } = data.made[chosen.join(",")];
  stage.innerHTML = svg || "";
  for (const [i, name] of ["--least", "--most"].entries()) stage.style.setProperty(name, widths ? `${widths[i]}px` : "");
  document.querySelector(".cg-caption").textContent = words;
  const line = (values) => `${data.names} = ${values}\n`;
  document.querySelector(".cg-script").textContent =
    data.script.replace(line(data.own), line(chosen.join(", ")));
  for (const slider of sliders) {
    document.querySelector(`output[for="${slider.id}"]`).textContent = slider.value;
  }
}

for (const slider of sliders) slider.addEventListener("input", show);
show();
