/* prometheus.h - what `stats` and `health` say, in Prometheus' text exposition format, 0.0.4.
 *
 * The metrics' names are this list's own: they stay when the daemon's change, and are in Prometheus' base
 * units. What a newer daemon counts and this list doesn't know is left out. No label names a person.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_PROMETHEUS_H
#define CLIENT_PROMETHEUS_H

#include <jansson.h>
#include <stdio.h>

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/*  type, group and name in `stats`, the metric, what one of `stats` is in its unit, help */
#define METRICS(X) \
	X(COUNTER, "counters", "submissions", "attend_submissions_total", 1, "Submissions taken.") \
	X(COUNTER, "counters", "repeats", "attend_submissions_repeated_total", 1, "Submissions that were here before, answered as the first time.") \
	X(COUNTER, "counters", "marks", "attend_marks_total", 1, "Marks recorded.") \
	X(COUNTER, "counters", "marks_known", "attend_marks_known_total", 1, "Marks equal to the one held, which changed nothing.") \
	X(COUNTER, "counters", "rows_refused", "attend_rows_refused_total", 1, "Rows of submissions refused.") \
	X(COUNTER, "counters", "queries", "attend_queries_total", 1, "Questions answered.") \
	X(COUNTER, "counters", "alerts", "attend_alerts_total", 1, "Alerts raised.") \
	X(COUNTER, "counters", "commits_failed", "attend_commits_failed_total", 1, "Commits that failed: nothing of them was acknowledged.") \
	X(COUNTER, "counters", "items_sent", "attend_items_sent_total", 1, "Items sent to subscribers.") \
	X(COUNTER, "counters", "peers_forgotten", "attend_subscriptions_forgotten_total", 1, "Subscriptions dropped since their peer could not be sent to.") \
	X(COUNTER, "counters", "frames", "attend_frames_total", 1, "Frames taken from the socket.") \
	X(COUNTER, "counters", "frames_malformed", "attend_frames_malformed_total", 1, "Messages that were not one frame.") \
	X(COUNTER, "counters", "frames_dropped", "attend_frames_dropped_total", 1, "Messages dropped, for no key was proven for them.") \
	X(COUNTER, "counters", "replies_unsent", "attend_replies_unsent_total", 1, "Replies that nobody was there to take.") \
	X(COUNTER, "counters", "handshakes_refused", "attend_handshakes_refused_total", 1, "Handshakes refused: keys never granted, or revoked.") \
	X(COUNTER, "counters", "connections_cut", "attend_connections_cut_total", 1, "Connections cut off because peers filled the memory.") \
	X(COUNTER, "counters", "connections_accepted", "attend_connections_accepted_total", 1, "Connections let come, before any handshake.") \
	X(COUNTER, "counters", "connections_turned_away", "attend_connections_turned_away_total", 1, "Connections closed at once: too many at a time, too many that say nothing, or too often.") \
	X(COUNTER, "counters", "connections_unspoken", "attend_connections_unspoken_total", 1, "Connections that ended without a message under a known key.") \
	X(COUNTER, "counters", "frames_put_off", "attend_frames_put_off_total", 1, "Messages put off because very much of their key's waited already.") \
	X(COUNTER, "counters", "keys_held_off", "attend_keys_held_off_total", 1, "Times that a key was shut out for some seconds, having gone on though it was put off.") \
	X(COUNTER, "counters", "cpu_ms", "attend_cpu_seconds_total", 0.001, "Processor time taken by attendd.") \
	X(COUNTER, "gauges", "head", "attend_log_events_total", 1, "Events in the log, since it was made: the position of the last one.") \
	X(GAUGE, "gauges", "pupils", "attend_pupils", 1, "Pupils known.") \
	X(GAUGE, "gauges", "cases", "attend_cases", 1, "Cases ever opened.") \
	X(GAUGE, "gauges", "keys", "attend_keys", 1, "Keys that are let in.") \
	X(GAUGE, "gauges", "timers", "attend_deadlines_pending", 1, "Phases of deadlines, and days' ends, still to come.") \
	X(GAUGE, "gauges", "timer_waits_ms", "attend_deadline_waiting_seconds", 0.001, "For how long the first deadline to fire has been due; 0 where none is.") \
	X(GAUGE, "gauges", "subscriptions", "attend_subscriptions", 1, "Subscriptions held now.") \
	X(GAUGE, "gauges", "subscriber_lag", "attend_subscription_lag_events", 1, "Events by which the slowest subscription held now is behind.") \
	X(GAUGE, "gauges", "cursors", "attend_subscribers", 1, "Durable places of subscribers, connected or not.") \
	X(GAUGE, "gauges", "map_used_bytes", "attend_map_used_bytes", 1, "Bytes of the store's map in use.") \
	X(GAUGE, "gauges", "map_size_bytes", "attend_map_size_bytes", 1, "Bytes that the store's map may take.") \
	X(GAUGE, "gauges", "disk_free_bytes", "attend_disk_free_bytes", 1, "Bytes free on the store's file system.") \
	X(GAUGE, "gauges", "disk_size_bytes", "attend_disk_size_bytes", 1, "Size of the store's file system.") \
	X(GAUGE, "gauges", "room_left_bytes", "attend_room_left_bytes", 1, "Bytes that may still be written before submissions are put off, by map or disk.") \
	X(GAUGE, "gauges", "file_bytes", "attend_store_file_bytes", 1, "Size of the store's file.") \
	X(GAUGE, "gauges", "readers", "attend_readers", 1, "Read transactions open on the store, in all processes.") \
	X(GAUGE, "gauges", "oldest_reader", "attend_oldest_reader_transactions", 1, "Transactions committed since the oldest read transaction began: pages freed since can't be used again.") \
	X(GAUGE, "gauges", "replay_tail", "attend_replay_tail_events", 1, "Events to be replayed at the next start.") \
	X(GAUGE, "gauges", "clock_held", "attend_clock_held", 1, "1 while the clock is held and nothing fires.") \
	X(GAUGE, "gauges", "started_ms", "attend_start_time_seconds", 0.001, "When attendd began to serve, in seconds since 1970.") \
	X(GAUGE, "gauges", "memory_resident_bytes", "attend_memory_resident_bytes", 1, "Resident memory of attendd, the store's mapped pages included.") \
	X(GAUGE, "gauges", "memory_own_bytes", "attend_memory_own_bytes", 1, "Resident memory without what is mapped from files.") \
	X(GAUGE, "gauges", "connections", "attend_connections", 1, "Connections open now.") \
	X(GAUGE, "gauges", "memory_limit_bytes", "attend_memory_limit_bytes", 1, "Own memory from which on peers that fill it are cut off; 0: it is not watched.") \
	X(HISTOGRAM, "histograms", "commit_us", "attend_commit_seconds", 0.000001, "How long a commit took, until its replies could go out.") \
	X(HISTOGRAM, "histograms", "commit_events", "attend_commit_events", 1, "Events committed together.") \
	X(HISTOGRAM, "histograms", "deadline_late_ms", "attend_deadline_lateness_seconds", 0.001, "How long after its instant a phase of a deadline fired.")

/* Of each subscriber, with the labels subscriber (its grant's place in the log, and its cursor) and role. */
#define SUBSCRIBER_METRICS(X) \
	X("lag", "attend_subscriber_lag_events", 1, "Events recorded since a subscriber's durable place; many are none of its to be told of.") \
	X("unread_alerts", "attend_subscriber_unread_alerts", 1, "Alerts raised, changed or withdrawn that a subscriber has not dealt with; at most 100 are counted.") \
	X("oldest_unread_ms", "attend_subscriber_oldest_unread_alert_seconds", 0.001, "For how long the oldest of those has waited; 0 where there is none.")

/* What the daemon said to both questions; `stats` NULL: it could not be asked, and attend_up is all there is. */
void print_prometheus(FILE *, const json_t *stats, const json_t *health);

#endif
