/* alerts.h - an alert as people read it: one to three lines.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_ALERTS_H
#define CLIENT_ALERTS_H

#include <jansson.h>
#include <stdio.h>

void print_alert(FILE *, const json_t *alert);

#endif
