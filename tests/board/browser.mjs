// browser.mjs - an officer's morning at the board, in a real browser, on the school that morning.py makes.
//
// Each view is looked at with axe-core (WCAG 2.2 A and AA): it must find nothing. The morning is played with the keyboard
// alone where that is what a person would do, on a desk and on a phone, and once more without script. Screenshots go to the
// folder named by SHOTS, where it is set.
//
// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execSync } from "node:child_process";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const axe = require.resolve("axe-core/axe.min.js");
const { BOARD_URL, BOARD_LINK, BOARD_PUSH, CHILD, URN, SHOTS } = process.env;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const faults = [];

async function open(options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: "en-GB", ...options });
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(String(error)));
  return page;
}

async function signIn(page) {
  await page.goto(execSync(BOARD_LINK).toString().trim());
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(BOARD_URL + "/");
}

// The page's own policy forbids scripts that are not its own; axe is put in by the browser's debugger.
async function look(page, name) {
  const source = await import("node:fs").then((fs) => fs.readFileSync(axe, "utf8"));
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: source });
  const found = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  await session.detach();
  assert.deepEqual(found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)]), [], "axe on " + name);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, name + " is wider than its window by " + wide);
  console.log("  axe finds nothing on " + name);
}

async function shot(page, name) {
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/board-${name}.png`, animations: "disabled" });
}

async function go(page, path) {
  const answer = await page.goto(BOARD_URL + path);
  assert.equal(answer.status(), 200, path);
}

// ---- the morning ----

async function morning() {
  const page = await open();
  await page.goto(BOARD_URL + "/sign-in");
  await look(page, "sign-in");
  await signIn(page);
  await look(page, "today");
  assert.match(await page.title(), /^Today/);
  assert.equal(await page.locator(".decide .list > li").count(), 1);
  await page.locator(".decide").getByText("for George Brown").waitFor();
  await whoseCases(page);
  await keyboard(page);
  await liveAlert(page);
  await dealtWith(page);
  await nobodyAnswers(page);
  await twoOfficers(page);
  await decide(page);
  await views(page);
  await page.context().close();
}

// What is chosen once is led back to; and each count leads down to what it counts.
async function whoseCases(page) {
  await page.getByRole("link", { name: "In my hands" }).click();
  await page.waitForURL(BOARD_URL + "/?mine=1");
  await page.getByRole("link", { name: "Cases", exact: true }).click();
  await page.waitForURL(BOARD_URL + "/cases?mine=1");
  await page.getByRole("link", { name: "Today" }).click();
  await page.waitForURL(BOARD_URL + "/?mine=1");
  await page.getByRole("link", { name: "All cases" }).click();
  const counted = Number(await page.locator('[data-count="count-alerts"]').innerText());
  assert.equal(counted, Number(await page.locator("#count-alerts").innerText()));
  await page.getByRole("link", { name: /^What came in/ }).click();
  await page.waitForFunction(() => document.getElementById("group-alerts").getBoundingClientRect().top < innerHeight);
  await page.goto(BOARD_URL + "/");
}

// Without a mouse: past the head of the page to the first thing to decide.
async function keyboard(page) {
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const seen = [];
  for (let n = 0; n < 12 && !seen.includes("Brown, Jack"); n++) {
    seen.push(await page.evaluate(() => document.activeElement.textContent.trim()));
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.notEqual(ring, "none", "the focus is not seen on " + seen.at(-1));
    if (!seen.includes("Brown, Jack")) await page.keyboard.press("Tab");
  }
  assert.ok(seen.includes("Brown, Jack"), "the first case is not reached: " + seen.join(", "));
}

// A register comes in while the officer reads further down: it is told, the lists grow, and nothing jumps.
async function liveAlert(page) {
  const link = page.locator(".alerts .list > li a").nth(5);
  await link.scrollIntoViewIfNeeded();
  await link.focus();
  const before = await page.evaluate(() => document.activeElement.getBoundingClientRect().y);
  const text = await link.textContent();
  execSync(BOARD_PUSH, { stdio: "pipe" });
  await page.getByRole("status").filter({ hasText: /Just now|came in/ }).waitFor();
  await page.locator("#live[data-merged]").waitFor();
  assert.ok(await page.locator(".alerts .list > li.new").count() > 0, "what came in is not in its list");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), text, "the focus was lost");
  const after = await page.evaluate(() => document.activeElement.getBoundingClientRect().y);
  assert.ok(Math.abs(after - before) <= 2, `the reader's place was lost: ${before}, then ${after}`);
  await look(page, "today, with an alert that came in");
  const kinds = await page.locator(".kind h3").allInnerTexts();
  assert.ok(kinds[0].startsWith("Unauthorised absence while a period runs") && kinds.at(-1).startsWith("Persistently absent"), "the kinds: " + kinds.join(", "));
  assert.match(await page.locator("#live").innerText(), /(Just now|the newest): \w+, \w+: /, "the live line does not say whom it is about");
  await page.evaluate(() => window.scrollTo(0, 0));
  await shot(page, "today");
}

// Said in place: the item goes, the next one is focused, the page stays where it is; on a case too, and once on two clicks.
async function dealtWith(page) {
  const button = page.locator(".alerts form.ack button").nth(2);
  const item = await button.evaluate((one) => one.closest("li").dataset.key);
  const count = Number(await page.locator("#count-alerts").innerText());
  await button.scrollIntoViewIfNeeded();
  const before = await page.evaluate(() => window.scrollY);
  await button.dblclick();
  await page.locator(`[data-key="${item}"]`).waitFor({ state: "detached" });
  await page.waitForFunction((wanted) => Number(document.getElementById("count-alerts").textContent) === wanted, count - 1);
  assert.ok(Math.abs(before - await page.evaluate(() => window.scrollY)) <= 2, "the reader's place was lost");
  assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), /^Dealt with/);
  assert.match(await page.locator("#live").innerText(), /dealt with\.$/);
  await page.reload();
  assert.equal(await page.locator(`[data-key="${item}"]`).count(), 0, "it came back");
}

// While the service is away nothing is lost, and the reader is not led away from the list; the page says so, and when it is back.
async function nobodyAnswers(page) {
  const away = { status: 503, contentType: "text/html", body: "away" };
  await page.route("**/alert/*", (route) => route.fulfill(away));
  const item = page.locator(".alerts .list > li:not(.gone)").first();
  const key = await item.getAttribute("data-key"), where = page.url();
  await item.locator("form.ack button").click();
  await page.getByRole("status").filter({ hasText: "not recorded, the service does not answer" }).waitFor();
  assert.equal(page.url(), where, "led away from the list");
  assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), /^Dealt with/);
  await page.unroute("**/alert/*");
  await page.locator(`[data-key="${key}"] form.ack button`).click(); // the same form again
  await page.locator(`[data-key="${key}"]`).waitFor({ state: "detached" });
  await page.route("**/live?*", (route) => route.fulfill(away));
  await page.reload();
  await page.getByRole("status").filter({ hasText: "The service does not answer at the moment" }).waitFor();
  await look(page, "today, while the service is away");
  await page.unroute("**/live?*");
  await page.getByRole("status").filter({ hasText: "The service answers again" }).waitFor();
}

// What a colleague does at the same time is told, and nothing is changed under the reader's hands.
async function twoOfficers(page) {
  const other = await open();
  await signIn(other);
  const kind = page.locator(".kind", { has: page.locator(".count", { hasText: /^1$/ }) }).first(); // the last of its kind
  const key = await kind.locator(".list > li:not(.gone)").first().getAttribute("data-key");
  await other.locator(`[data-key="${key}"] form.ack button`).click();
  await other.locator(`[data-key="${key}"]`).waitFor({ state: "detached" });
  await page.evaluate(() => window.dispatchEvent(new Event("focus"))); // as when it is come back to
  await page.locator(`[data-key="${key}"].gone`).waitFor();
  const reading = await page.context().newPage();
  await reading.goto(BOARD_URL + "/case/C1");
  await other.goto(BOARD_URL + "/case/C1/record/note");
  await other.getByLabel("The note").fill("rang the school");
  await other.getByRole("button", { name: "Record" }).click();
  await other.getByText("Recorded: Note").waitFor();
  await reading.evaluate(() => window.dispatchEvent(new Event("focus")));
  await reading.getByRole("status").filter({ hasText: "Something was recorded on this case" }).waitFor();
  await look(reading, "a case on which a colleague recorded something");
  await reading.getByRole("link", { name: "Load it again" }).click();
  await reading.getByText("rang the school").waitFor();
  await reading.close();
  await other.context().close();
  await page.goto(BOARD_URL + "/");
}

// The process as a drawing: whatever fonts there are, no line of text leaves its box.
async function drawing(page) {
  await page.goto(BOARD_URL + "/process/stockport/1");
  const outside = await page.evaluate(() => Array.from(document.querySelectorAll("g")).flatMap((box) => {
    const rect = box.querySelector(":scope > rect:first-of-type"), right = rect && rect.getBBox().x + rect.getBBox().width;
    return rect ? Array.from(box.querySelectorAll(":scope > text > tspan")).filter((line) => line.getBoundingClientRect().width && line.getExtentOfChar(Math.max(0, line.textContent.trimEnd().length - 1)).x > right - 4).map((line) => line.textContent) : [];
  }));
  assert.deepEqual(outside, [], "text that runs out of its box");
}

async function decide(page) {
  await page.getByRole("link", { name: "Brown, Jack" }).first().click();
  await look(page, "a case");
  const said = await page.locator("main").innerText();
  for (const words of ["Mon 9 Nov 2026, afternoon: O", "Notice to Improve for George Brown", "Is there a medical barrier?", "Outcomes: Issue a penalty notice; No penalty notice"]) assert.ok(said.includes(words), "not said: " + words);
  assert.doesNotMatch(said, /parent p1|\d{4}-\d\d-\d\d|notice-to-improve|mental_health|not-to-issue/, "the program's own terms");
  await shot(page, "case");
  await page.locator(".decision").getByRole("link", { name: "Issue a penalty notice", exact: true }).click();
  assert.equal(await page.locator("select[name=f-outcome]").inputValue(), "issue");
  await look(page, "the form of an action");
  await page.getByText("For Brown, Jack, year 4").waitFor();
  assert.equal(await page.getByLabel("Your reason").count(), 0, "a reason is asked for where nothing is lacking");
  await page.getByText("Is a penalty notice to be issued?").waitFor();
  const second = await page.context().newPage(); // the same question, in another tab
  await second.goto(page.url());
  const list = await page.context().newPage(); // and the day's list in a third, left open
  await list.goto(BOARD_URL + "/");
  // something lacks first: it is said in place, and what was filled in stays
  await page.goto(BOARD_URL + "/case/C1/record/prosecution");
  await page.getByLabel("Day it happened").fill("2026-11-11");
  await page.getByRole("button", { name: "Record" }).click();
  await page.getByRole("alert").getByText("Not recorded").waitFor();
  assert.equal(await page.getByLabel("Day it happened").inputValue(), "2026-11-11");
  await look(page, "a refusal");
  await page.goto(BOARD_URL + "/case/C1");
  await page.locator(".decision").getByRole("link", { name: "Issue a penalty notice", exact: true }).click();
  await page.getByLabel("Why").fill("no improvement in the second week");
  await page.getByRole("button", { name: "Record" }).dblclick(); // as impatient people do
  await page.getByText("Recorded: Decision of the Education Welfare Service for George Brown").waitFor();
  assert.equal(await page.locator(".decision").count(), 0, "the question still waits");
  await second.getByLabel("What was decided").selectOption("not-to-issue");
  await second.getByRole("button", { name: "Record" }).click();
  await second.getByRole("alert").getByText("it was answered in the meantime").waitFor();
  await look(second, "a question that was answered in another tab");
  await second.close();
  assert.equal(await list.locator(".decide .gone").count(), 0);
  await list.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))); // as a browser says when it is come back to
  await list.locator(".decide .gone").waitFor();
  assert.equal(await list.locator('[data-count="count-decide"]').innerText(), "0");
  await list.close();
  assert.equal(await page.getByText("through board (board)").count(), 0, "what is always so is told");
  assert.equal(await page.locator(".timeline .done strong").getByText("Decision of the Education Welfare Service", { exact: true }).count(), 1, "a form sent twice was recorded twice");
}

async function views(page) {
  for (const [path, name] of [[`/pupil/${CHILD}`, "pupil"], [`/school/${URN}`, "school"], ["/authority", "authority"], ["/cases", "cases"], ["/cases?as_of=2026-11-05", "cases-then"], ["/alerts/threshold", "alerts of a kind"], ["/find?q=brown+j", "pupils of a name"], ["/case/C1/letter/stage-2?f-from=Mrs+Hart", "letter"], ["/case/C1?as_of=2026-11-05", "case-then"],
    [`/pupil/${CHILD}?as_of=2026-10-01`, "pupil-then"], ["/?mine=1", "today, in my hands"], ["/cases?mine=0&stage=stockport%2Fstage-1", "cases of a stage"], ["/find?q=mill", "a school by its name"], ["/?as_of=2026-11-05", "today-then"], [`/school/${URN}?as_of=2026-10-02`, "school-then"],
    ["/authority?as_of=2026-10-02", "authority-then"]]) {
    await go(page, path);
    await look(page, name);
    if (name === "pupil" || name === "school") await shot(page, name);
  }
  await page.getByRole("link", { name: "Back to now" }).click();
  assert.equal(new URL(page.url()).search, "");
  await drawing(page);
  await page.goto(BOARD_URL + "/case/C99");
  await look(page, "nothing here");
  faults.splice(0); // a page that is not there is told as an error, as it must be
}

// On a phone nothing is cut off, and what is touched is large enough.
async function phone() {
  const page = await open({ viewport: { width: 375, height: 720 }, hasTouch: true, isMobile: true });
  await signIn(page);
  for (const [path, name] of [["/", "phone"], ["/case/C1", "a case on a phone"], [`/pupil/${CHILD}`, "a pupil's year on a phone"], [`/school/${URN}`, "a school on a phone"], ["/cases", "cases on a phone"],
    ["/case/C1/record/note", "a form on a phone"]]) {
    await go(page, path);
    await look(page, name);
    if (name === "phone") await shot(page, name);
  }
  await page.context().close();
}

// In the dark, where the reader's machine is.
async function dark() {
  const page = await open({ colorScheme: "dark" });
  await signIn(page);
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor), "rgb(255, 255, 255)");
  for (const [path, name] of [["/", "today"], ["/case/C1", "a case"], ["/case/C1?as_of=2026-11-05", "a case then"], [`/pupil/${CHILD}`, "a pupil"], ["/authority", "the authority"], ["/cases", "cases"],
    ["/case/C1/record/note", "a form"], ["/case/C1/letter/stage-2", "a letter"]]) {
    await go(page, path);
    await look(page, name + " in the dark");
  }
  await page.context().close();
}

// Without script all but the live part is the same.
async function withoutScript() {
  const page = await open({ javaScriptEnabled: false });
  await signIn(page);
  await go(page, "/case/C1/record/note");
  await page.getByLabel("The note").fill("without script");
  await page.getByRole("button", { name: "Record" }).click();
  await page.getByText("without script").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.context().close();
}

// In print: no navigation, no buttons, all of the table.
async function print() {
  const page = await open();
  await signIn(page);
  await go(page, `/pupil/${CHILD}`);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("nav").isVisible(), false);
  assert.equal(await page.locator("table.year").isVisible(), true);
  await go(page, "/case/C1/letter/stage-2");
  for (const around of [".banner", "h1", ".problem", "form.record", ".said"]) assert.equal(await page.locator(around).first().isVisible(), false, around + " is printed with a letter");
  assert.equal(await page.locator(".letter").isVisible(), true);
  await page.context().close();
}

try {
  await morning();
  await phone();
  await dark();
  faults.splice(0, faults.length, ...faults.filter((one) => !/40[13]/.test(one)));
  await withoutScript();
  await print();
  assert.deepEqual(faults.filter((one) => !/status of (401|422)/.test(one)), [], "errors in the browser");
  console.log("the officer's morning is as it must be");
} finally {
  await browser.close();
}
