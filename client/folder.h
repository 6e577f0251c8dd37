/* folder.h - a folder whose files are taken one after another, as they come.
 *
 * A file is taken once it is closed, or moved in; at the start, those that lie there already
 * and that nobody has open for writing. Then it is moved to `done` in the folder, or to `failed`
 * where it could not be read at all; rows that were refused lie in `rejects` under the same
 * name, to be mended and put into the folder again. Names that begin with a dot, and those of
 * files that are still on their way (.tmp, .part, .partial, ~), are left alone; so are empty files.
 *
 * While the daemon can't be reached the file stays, and is tried again.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_FOLDER_H
#define CLIENT_FOLDER_H

#include "client/invocation.h"

enum folder_outcome {
	FOLDER_DONE,    /* all of it was answered; what was refused is in the rejects */
	FOLDER_FAILED,  /* it can't be read */
	FOLDER_AGAIN,   /* the daemon is away: later */
	FOLDER_STOP,    /* no more files: the key was revoked, or we are asked to end */
};

/* `rejects`: where refused rows go; removed afterwards where `*refused` stays 0. */
typedef enum folder_outcome folder_take(void *context, const char *path, const char *rejects, uint64_t *refused);

/* Until it is asked to end. The exit status. */
int folder_watch(const struct invocation *, const char *folder, folder_take *, void *context);

#endif
