/* journal_events.h - all that attendd says to its operators: one list.
 *
 * Each has a MESSAGE_ID of its own, which never changes and is never given to another, so that
 * `journalctl MESSAGE_ID=...` finds it whatever its wording. docs/monitoring.md has the same list for
 * operators; a test compares the two.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_JOURNAL_EVENTS_H
#define DAEMON_JOURNAL_EVENTS_H

/*  name, priority, `event=`, MESSAGE_ID, what it means, the remedy ("": none to name) */
#define JOURNAL_EVENTS(X) \
	X(READY, NOTICE, "ready", "a7c64d8391314930802aa206c4ae1893", \
	  "it serves at `endpoint`", \
	  "") \
	X(STOPPING, NOTICE, "stopping", "8cb0b861978f4bc790742feb50cd69f9", \
	  "it was told to end", \
	  "") \
	X(ENDED, NOTICE, "ended", "62e3dc11525041eeb0cdd0a4025065e0", \
	  "it has ended as it was told to", \
	  "") \
	X(OPEN_FAILED, CRITICAL, "open-failed", "9017a97dcb0f414ba948021f21c4da2c", \
	  "the store or its keys can't be opened; it did not start", \
	  "attendd verify says what is wrong with a store") \
	X(START_FAILED, CRITICAL, "start-failed", "e8ef6be5b9bd441bb386fcfd7a662a5c", \
	  "the system gave it no descriptor or socket", \
	  "") \
	X(ZAP_FAILED, CRITICAL, "zap-failed", "681b2677caa449f8835e8be8d8b30106", \
	  "the thread that answers handshakes can't start", \
	  "") \
	X(LISTEN_FAILED, CRITICAL, "listen-failed", "5a53e095ac40494d9bfe6b7f9addb9f0", \
	  "the endpoint can't be bound", \
	  "look who listens there, or give another --listen") \
	X(SELF_TEST_FAILED, CRITICAL, "self-test-failed", "b59101afc1bb4aa6abccacf3c6a7afaf", \
	  "the door was not proven shut: a random key was let in, or could not be seen refused", \
	  "do not run it so; report it") \
	X(BEGIN_FAILED, CRITICAL, "begin-failed", "82c0f4e53aaf4a9d878cbf0d9c30537a", \
	  "the store can't begin a transaction; it ends, nothing acked is lost", \
	  "") \
	X(COMMIT_FAILED, CRITICAL, "commit-failed", "e938651d512a4c249d21cdcb4199edfb", \
	  "a commit's outcome is unknown; nothing of it was acked, it ends and a new start finds out", \
	  "look at the disk, then attendd verify") \
	X(SOCKET_FAILED, CRITICAL, "socket-failed", "d5fed9f7d10849d6b852ce2f9eaf0f0f", \
	  "receiving failed; it ends", \
	  "") \
	X(POLL_FAILED, CRITICAL, "poll-failed", "e98132eae99047f49f9a63dac4a5ba45", \
	  "waiting failed; it ends", \
	  "") \
	X(TIMER_FAILED, CRITICAL, "timer-failed", "e4bcff1d278247e5a45c8baf816e9db5", \
	  "the timer of the next deadline can't be set; it ends", \
	  "") \
	X(KEYS_FAILED, CRITICAL, "keys-failed", "7be0bb48892748beb6ba28dc20b1f07a", \
	  "no memory for the keys that are let in; it ends", \
	  "") \
	X(PROBLEM_BEGAN, CRITICAL, "problem-began", "a4652eb657a64acf9cd75171c48b1baa", \
	  "acks can't be durable or deadlines don't fire; `problem` is store-damaged, map-full, disk-full, commit-failing or clock-held", \
	  "") \
	X(PROBLEM_ENDED, NOTICE, "problem-ended", "a5c53ffbb4b1457083f21ae2bd964def", \
	  "that is over", \
	  "") \
	X(CLOCK_STEPPED, CRITICAL, "clock-stepped", "818a9e4d7a03455e9c7877700710ccbc", \
	  "the wall clock jumped by `step_ms`; it is held, nothing fires", \
	  "put the clock right, then: attend clock --confirm") \
	X(CLOCK_BELIEVED, NOTICE, "clock-believed", "b0a8a6730d87484e847bfcbfd74df4a8", \
	  "somebody said that the clock is right; it is followed again", \
	  "") \
	X(HANDSHAKES_REFUSED, WARNING, "handshakes-refused", "8703e23c6df347ef99d723c7f941b920", \
	  "keys that were never granted, or were revoked, tried to connect: `count` since it was last said", \
	  "") \
	X(TURNED_AWAY, WARNING, "connections-turned-away", "b351a55a5e9a47168ae0115b5641d652", \
	  "connections were closed at once, `count` since it was last said: too many at a time, too many that say nothing, or too often", \
	  "who they are the firewall says; let in only those that should come, with IPAddressAllow= or there") \
	X(MEMORY_HIGH, CRITICAL, "memory-high", "72623f0bdec84495bd38f4502e101c96", \
	  "own memory is over its limit and no connection is the cause", \
	  "the unit's MemoryMax ends it; report it") \
	X(MEMORY_UNWATCHED, WARNING, "memory-unwatched", "18d3b2f6945044a8ae14e0edd3ad6643", \
	  "own memory can't be read, so peers that fill it are not cut off", \
	  "") \
	X(CONNECTIONS_CUT, CRITICAL, "connections-cut", "a0865f20a2074a9e8f5da52109a44988", \
	  "peers filled the memory, with messages without an end or by not reading, and were cut off; `heaviest` is the one that held most", \
	  "find whose that was; revoke its key, or keep the address out") \
	X(KEY_HELD_OFF, WARNING, "key-held-off", "14cf314e7d714b578dce58017fd0f02f", \
	  "a key went on sending more than is taken though it was told to wait; its connections were cut, and for `seconds` it is not let in", \
	  "attend log --from GRANT --json | head -1 says whose it is, where `grant` is not 0") \
	X(TRIAL_FAILED, WARNING, "trial-failed", "83d16fab1c144c95a141c05241773354", \
	  "a trial of a changed pathway file did not come to its end", \
	  "")

enum journal_event {
#define X(name, priority, text, id, meaning, remedy) JOURNAL_##name,
	JOURNAL_EVENTS(X)
#undef X
};

#endif
