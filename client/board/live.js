// Follows what comes in while the page is looked at. Without this the page is the same, and is loaded again by hand.
//
// An alert that comes is told in the line at the top; the lists of today are then fetched and put in place item by
// item, so that what the reader looks at, has focused or is filling in stays where it is.
//
// SPDX-License-Identifier: Apache-2.0
"use strict";
(function () {
	const live = document.getElementById("live");
	const status = live && live.querySelector("p");
	if (!live || !window.EventSource) return;
	let told = 0, waiting = null;

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

	function merge(page) {
		mergeKinds(page);
		for (const list of document.querySelectorAll("[data-list]")) {
			const fresh = page.querySelector('[data-list="' + list.dataset.list + '"]');
			const none = list.closest("section").querySelector(".none");
			if (!fresh) continue;
			mergeList(list, fresh);
			if (none && fresh.children.length) none.remove();
		}
		for (const count of document.querySelectorAll(".count[id]")) {
			const fresh = page.getElementById(count.id);
			count.textContent = fresh ? fresh.textContent : "0";
		}
	}

	async function refresh() {
		waiting = null;
		if (!document.querySelector(".kinds")) return;
		const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
		if (!answer.ok) return;
		const page = new DOMParser().parseFromString(await answer.text(), "text/html");
		inPlace(() => merge(page));
		live.dataset.merged = "yes";
	}

	function take(event) {
		const alert = JSON.parse(event.data);
		if (alert.status !== "raised") {
			if (!waiting) waiting = setTimeout(refresh, 400);
			return;
		}
		told += 1;
		inPlace(() => { status.textContent = (told === 1 ? "Just now: " : told + " came in; the newest: ") + alert.text; });
		if (!waiting) waiting = setTimeout(refresh, 400);
	}

	const source = new EventSource("/live?from=" + live.dataset.from);
	source.addEventListener("alert", take);
	window.addEventListener("pagehide", () => source.close());
})();
