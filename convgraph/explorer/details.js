"use strict";
// What is said of the tensor that is chosen, its parameter arrays, and the findings.
class Details {
  constructor(root, data, uses, chosen) {
    Object.assign(this, { root, data, uses, chosen });
  }

  // `array` is the letter of one that is shown at once.
  show(row, array) {
    this.row = row;
    const facts = this.data.facts[row], { shape } = this.data.network.rows[row];
    const strides = this.data.strides[row];
    const lines = [["layer", facts.kind], ["shape", shape.join(" × ")]];
    if (facts.field) lines.push(["largest field", joinedSizes(facts.field)]);
    if (strides?.some(Boolean)) lines.push(["stride", joinedSizes(strides.map(asFraction))]);
    if (facts.parameters) lines.push(["parameters", thousands(facts.parameters)]);
    if (facts.operations) lines.push(["multiply-adds", thousands(facts.operations)]);
    const list = made("dl", "ex-facts");
    for (const [name, value] of lines) list.append(made("dt", "", name), made("dd", "", value));
    this.root.replaceChildren(list);
    const joints = this.uses.of(row);
    if (!joints.length) return;
    const box = made("div", "ex-arrays");
    box.append(made("h3", "", "Parameters"));
    joints.forEach((joint) => box.append(this.array(joint, array !== undefined && joint.letter === array)));
    this.root.append(box);
  }

  // A button for an array, and behind it how often each of its elements is used.
  array(joint, shown) {
    const open = made("details", "ex-array");
    const dims = joint.digits.map((digit) => digit[1]);
    const summary = made("summary");
    summary.append(...breakable(joint.letter || "w"), ` · ${dims.join(" × ") || 1}`);
    open.append(summary);
    const fill = () => { if (open.open && open.children.length === 1) open.append(...this.counts(joint)); };
    open.addEventListener("toggle", fill);
    open.open = Boolean(shown);
    fill();
    return open;
  }

  counts(joint) {
    const factors = this.uses.factors(joint);
    const wide = factors.filter(({ digits }) => digits.some((digit) => digit.size > 1));
    const alike = (counts) => counts.every((count) => count === counts[0]);
    const varying = factors.filter(({ counts }) => !alike(counts));
    const rest = factors.filter(({ counts }) => alike(counts)).reduce((p, { counts }) => p * counts[0], 1);
    const placed = factors.reduce((p, { placed: all }) => p * all[0], 1);
    const elements = joint.digits.reduce((p, digit) => p * digit[1], 1);
    if (!varying.length) {
      const each = elements === 1 ? "It is" : "Each element is";
      const said = `${each} used ${times(rest)}${rest < placed ? `; without a border ${times(placed)}` : ""}.`;
      return [made("p", "", said)];
    }
    const [rows, columns] = varying.length > 1 ? varying.slice(-2) : [null, varying[0]];
    const others = varying.slice(0, -2).reduce((p, { counts }) => p * Math.max(...counts), 1);
    const table = this.table(rows, columns, rest * others, placed);
    const same = wide.filter((factor) => !varying.includes(factor)).length;
    const said = made("p", "", `How often each ${same ? "tap" : "element"} is used` +
      `${same ? ", alike for all channels" : ""}; a frame marks what the border uses less than the middle.`);
    return [said, table];
  }

  table(rows, columns, rest, placed) {
    const table = made("table", "ex-uses"), most = Math.max(...columns.counts) *
      (rows ? Math.max(...rows.counts) : 1) * rest;
    const many = (counts) => Array.from(counts).slice(0, 24);
    for (const r of rows ? many(rows.counts) : [1]) {
      const line = made("tr");
      for (const c of many(columns.counts)) {
        const value = r * c * rest, cell = made("td", "", thousands(value));
        const share = value / most;
        cell.style.background = css(viridis(share));
        cell.style.color = share > 0.6 ? "#000" : "#fff";
        if (value < most) cell.className = "ex-less";
        cell.title = `used ${times(value)}${value < placed ? `, without a border ${times(placed)}` : ""}`;
        line.append(cell);
      }
      table.append(line);
    }
    return table;
  }
}

// The findings by rule, each a place in the network that a click goes to.
class FindingsList {
  constructor(root, findings, go) {
    const rules = new Map();
    this.buttons = findings.map((finding, number) => this.button(finding, () => go(number)));
    findings.forEach((finding, number) => rules.set(finding.rule, [...(rules.get(finding.rule) || []), number]));
    for (const [rule, group] of rules) root.append(this.rule(rule, findings, group));
    if (!findings.length) root.append(made("p", "", "No findings."));
  }

  button(finding, go) {
    const button = made("button", "", finding.message);
    button.type = "button";
    button.addEventListener("click", go);
    return button;
  }

  // The button of the finding that is shown, if one is.
  press(number) {
    this.buttons.forEach((button, i) => button.setAttribute("aria-pressed", i === number));
  }

  rule(rule, findings, numbers) {
    const group = numbers.map((number) => findings[number]);
    const box = made("section", `ex-rule ex-${group[0].severity}`), list = made("ul");
    const head = made("h3", "", rule);
    head.append(" ", made("small", "", group[0].severity));
    for (const number of numbers) {
      const item = made("li");
      item.append(this.buttons[number]);
      list.append(item);
    }
    box.append(head, list, made("p", "", group[0].reason));
    for (const fix of new Set(group.map((finding) => finding.fix))) box.append(made("p", "ex-fix", fix));
    return box;
  }
}

function made(tag, css = "", text = null) {
  const element = document.createElement(tag);
  if (css) element.className = css;
  if (text !== null) element.textContent = text;
  return element;
}

const THOUSANDS = new Intl.NumberFormat("en-US");  // making one takes long

function thousands(number) {
  return THOUSANDS.format(number);
}

function times(number) {
  return number === 1 ? "once" : `${thousands(number)} times`;
}

function asFraction(stride) {
  if (!stride) return "-";
  return stride[1] === 1 ? String(stride[0]) : `${stride[0]}/${stride[1]}`;
}

function joinedSizes(values) {
  return values.join(" × ");
}
