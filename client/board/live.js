// Follows what comes in while the page is looked at, and says "dealt with" in place. Without this the page is the same,
// and is loaded again by hand.
//
// An alert that comes is told in the line at the top; the lists of today are then fetched and put in place item by
// item, so that what the reader looks at, has focused or is filling in stays where it is. A case's page is told of its
// own pupil alone, and, when it is come back to, of what a colleague recorded since.
//
// SPDX-License-Identifier: Apache-2.0
"use strict";
(function () {
	const live = document.getElementById("live");
	const status = live && live.querySelector("p");
	if (!live) return;
	let told = 0, waiting = null, newest = null;

	// Keeps an element where the reader sees it while lists above it grow.
	function inPlace(change) {
		const items = Array.from(document.querySelectorAll("[data-key]"));
		const held = document.activeElement && document.activeElement.closest("[data-key]");
		const seen = held || items.find((item) => item.getBoundingClientRect().top >= 0);
		const before = seen && seen.getBoundingClientRect().top;
		change();
		if (seen && seen.isConnected && (held || window.scrollY > 0)) window.scrollBy(0, seen.getBoundingClientRect().top - before);
	}

	function mergeList(list, fresh) {
		const now = new Map(Array.from(list.children).map((item) => [item.dataset.key, item]));
		const keys = new Set(Array.from(fresh.children).map((item) => item.dataset.key));
		let after = null;
		for (const item of Array.from(fresh.children)) {
			let mine = now.get(item.dataset.key);
			if (!mine) {
				mine = document.importNode(item, true);
				mine.classList.add("new");
				if (after) after.after(mine);
				else list.prepend(mine);
			}
			after = mine;
		}
		// What stands beyond the last has only fallen off the end of a list that is cut short.
		const beyond = (item) => after && after.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING;
		for (const [key, item] of now) item.classList.toggle("gone", !keys.has(key) && !beyond(item));
	}

	// Kinds of which nothing was there before.
	function mergeKinds(page) {
		let after = null;
		for (const kind of page.querySelectorAll(".kind")) {
			let mine = document.getElementById(kind.id);
			if (!mine) {
				mine = document.importNode(kind, true);
				for (const item of mine.querySelectorAll("[data-key]")) item.classList.add("new");
				if (after) after.after(mine);
				else document.querySelector(".kinds").prepend(mine);
			}
			after = mine;
		}
	}

	// What the way down says of each count.
	function copyCounts() {
		for (const copy of document.querySelectorAll("[data-count]")) {
			const count = document.getElementById(copy.dataset.count);
			if (count) copy.textContent = count.textContent;
		}
	}

	function merge(page) {
		mergeKinds(page);
		for (const list of document.querySelectorAll("[data-list]")) {
			const fresh = page.querySelector('[data-list="' + list.dataset.list + '"]');
			const none = list.closest("section").querySelector(".none");
			if (!fresh) { // the last of its kind: dealt with by a colleague
				for (const item of list.children) item.classList.add("gone");
				continue;
			}
			mergeList(list, fresh);
			if (none && fresh.children.length) none.remove();
		}
		for (const count of document.querySelectorAll(".count[id]")) {
			const fresh = page.getElementById(count.id);
			count.textContent = fresh ? fresh.textContent : "0";
		}
		copyCounts();
	}

	// The lists know whom the newest is about, for whoever may see it.
	function tell() {
		const item = newest && (document.querySelector('[data-key="alert-' + newest.alert + '"] .whom a') ||
			newest.case && document.querySelector('.whom a[href="/case/' + newest.case + '"]'));
		const whom = item ? item.textContent + ": " : "";
		if (newest) status.textContent = (told === 1 ? "Just now: " : told + " came in; the newest: ") + whom + newest.text;
		newest = null;
	}

	// This page as it would be now; null: away, or signed out, and what is shown stays.
	async function fetchPage() {
		try {
			const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
			return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
		} catch (error) {
			return null;
		}
	}

	// A case that went on is not changed under its reader's eyes: they are told, and load it when they like.
	function tellOfSteps(page) {
		const now = page.getElementById("live");
		if (!now || now.dataset.newest === live.dataset.newest) return;
		const link = document.createElement("a");
		link.href = location.href.split("#")[0];
		link.textContent = "Load it again";
		status.replaceChildren("Something was recorded on this case since you opened it. ", link, ".");
		live.dataset.newest = now.dataset.newest;
	}

	async function refresh() {
		const lists = document.querySelector(".kinds");
		const page = lists || live.dataset.newest ? await fetchPage() : null;
		waiting = null;
		if (page && lists) {
			inPlace(() => merge(page));
			live.dataset.merged = "yes";
		}
		inPlace(tell);
		if (page && live.dataset.newest) inPlace(() => tellOfSteps(page));
	}

	function take(event) {
		const alert = JSON.parse(event.data);
		if (live.dataset.upn && live.dataset.upn !== alert.upn) return;
		if (alert.status === "raised") {
			told += 1;
			newest = alert;
		}
		if (!waiting) waiting = setTimeout(refresh, 400);
	}

	// ---- dealt with, or done: the item goes, the reader's place stays ----

	function countDown(list) {
		for (const id of ["count-" + list.dataset.list, list.dataset.list && "count-alerts"]) {
			const count = document.getElementById(id);
			if (count) count.textContent = Math.max(0, Number(count.textContent) - 1);
		}
		copyCounts();
	}

	function takeAway(item) {
		const list = item.parentElement;
		const near = item.nextElementSibling || item.previousElementSibling;
		const heading = list.closest("section").querySelector("h1, h2, h3");
		countDown(list);
		item.remove();
		const to = near && near.querySelector("form.ack button") || heading;
		if (to === heading) heading.tabIndex = -1;
		to.focus({ preventScroll: true });
	}

	document.addEventListener("submit", async (event) => {
		const form = event.target, item = form.closest("li");
		if (!form.matches("form.ack") || !item) return;
		event.preventDefault();
		const button = form.querySelector("button");
		if (button.disabled) return;
		button.disabled = true;
		let answer = null;
		try {
			answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), credentials: "same-origin", redirect: "manual" });
		} catch (error) { /* nobody answered */ }
		const name = item.querySelector(".whom a, .what");
		if (!answer || answer.status === 503) { // the form keeps its number: however often it is sent, it is recorded once
			button.disabled = false;
			inPlace(() => status.textContent = (name ? name.textContent + ": " : "") + "not recorded, the service does not answer at the moment. Press the button again in a minute.");
			button.focus({ preventScroll: true });
			return;
		}
		if (answer.type !== "opaqueredirect") {
			button.disabled = false;
			form.submit();
			return;
		}
		status.textContent = (name ? name.textContent + ": " : "") + button.textContent.toLowerCase() + ".";
		takeAway(item);
		if (live.dataset.from && !waiting) waiting = setTimeout(refresh, 400); // the next of its kind comes up
	});

	// What was recorded in another tab raises no alert: whoever comes back to this one finds it struck out.
	function comeBack() {
		if (!document.hidden && live.dataset.from && !waiting) waiting = setTimeout(refresh, 100);
	}
	document.addEventListener("visibilitychange", comeBack);
	window.addEventListener("focus", comeBack); // of two windows side by side neither is ever hidden

	if (!live.dataset.from || !window.EventSource) return;
	const AGAIN_MS = 10000;
	let source = null, last = Number(live.dataset.from) - 1, away = false;

	// A browser gives a stream up for good where it was refused once, as while the service is away: then it is opened anew.
	function follow() {
		source = new EventSource("/live?from=" + (last + 1));
		source.addEventListener("alert", (event) => {
			last = Number(event.lastEventId) || last;
			take(event);
		});
		source.addEventListener("open", () => {
			if (!away) return;
			away = false;
			status.textContent = "The service answers again.";
			comeBack();
		});
		source.addEventListener("error", () => {
			if (source.readyState !== EventSource.CLOSED) return;
			if (!away) inPlace(() => status.textContent = "The service does not answer at the moment: what came in since is not shown yet.");
			away = true;
			setTimeout(follow, AGAIN_MS);
		});
	}

	follow();
	window.addEventListener("pagehide", () => source.close());
})();
