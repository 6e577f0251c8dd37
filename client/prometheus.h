/* prometheus.h - stats in Prometheus' text exposition format, 0.0.4.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_PROMETHEUS_H
#define CLIENT_PROMETHEUS_H

#include <jansson.h>
#include <stdio.h>

/* `stats` holds `counters` and `gauges`, names to numbers. Each gets HELP and TYPE
 * lines and the prefix attend_; a counter ends in _total. */
void print_prometheus(FILE *, const json_t *stats);

#endif
