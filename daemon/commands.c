/* commands.c - init, run, verify, restore, admin, rekey.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "daemon/commands.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/admin.h"
#include "daemon/backup.h"
#include "daemon/data_dir.h"
#include "daemon/engine.h"
#include "daemon/journal.h"
#include "daemon/server.h"
#include "daemon/trial.h"
#include "daemon/verify.h"

enum { WHY_SIZE = 1024, ADMINS_MAX = 1000 };

static int refuse(const char *why)
{
	fprintf(stderr, "attendd: %s\n", why);
	return SERVER_REFUSED;
}

/* Keys and pupils' names must not reach the disk by a core file, nor another
 * process by ptrace, nor other users by a file's mode. */
static void guard_secrets(void)
{
	const struct rlimit none = { 0, 0 };

	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* What is half made when ^C comes would stay half made. */
static void finish_what_is_begun(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int fill_new_store(const struct command_options *options, char *why)
{
	char path[DATA_PATH_SIZE];
	struct identity admin;
	int rc = data_dir_new_identity(options->data, "admin.identity", &admin, path, why, WHY_SIZE);

	sodium_memzero(admin.secret_text, sizeof admin.secret_text);
	if (rc)
		return rc;
	const struct engine_init init = {
		.dir = options->data,
		.authority = options->authority,
		.admin_key = admin.public_key,
		.pathway_files = options->pathways,
		.pathway_count = options->pathway_count,
		.now_ms = now_ms(),
	};
	rc = engine_create(&init, why, WHY_SIZE);
	return rc ? rc : data_dir_new_daemon(options->data, why, WHY_SIZE);
}

int command_init(const struct command_options *options)
{
	char why[WHY_SIZE] = "";
	struct data_dir data;
	const char *dir = options->data;

	guard_secrets();
	finish_what_is_begun();
	if (options->if_missing && data_dir_has_store(dir))
		return SERVER_DONE;
	if (!options->authority)
		return refuse("there is no store yet, and none is made without a name: set authority in the configuration "
		              "file, or give --authority NAME");
	if (data_dir_prepare(&data, dir, why, sizeof why))
		return refuse(why);
	if (fill_new_store(options, why) || data_dir_sync(&data, why, sizeof why)) {
		data_dir_undo(&data);
		return refuse(why);
	}
	printf("A store for %s was made in %s:\n"
	       "  %s/admin.identity    the administrator's key: move it to where the administrator works\n"
	       "  %s/attendd.pub       the daemon's public key: clients need it (--server-key)\n"
	       "  %s/log.vkey          the key that the log's checkpoints verify with: give it to auditors\n"
	       "  %s/attendd.identity  the daemon's own key: it stays here\n"
	       "Next:\n"
	       "  attendd run --data %s\n"
	       "  attend --identity %s/admin.identity --server-key %s/attendd.pub health\n",
	       options->authority, dir, dir, dir, dir, dir, dir, dir, dir);
	if (!options->pathway_count)
		printf("No pathway is loaded yet: attend pathway load FILE\n");
	return SERVER_DONE;
}

int command_run(const struct command_options *options)
{
	char why[WHY_SIZE] = "", room[JOURNAL_QUOTED_SIZE];
	struct identity identity;
	struct engine *engine = NULL;
	const struct engine_options engine_options = {
		.dir = options->data, .manual_clock = options->manual_clock,
		/* this very program, also where another has taken its name meanwhile */
		.program = "/proc/self/exe",
	};

	guard_secrets();
	server_take_signals();
	if (data_dir_read_daemon(options->data, &identity, why, sizeof why) ||
	    engine_open(&engine, &engine_options, why, sizeof why)) {
		sodium_memzero(&identity, sizeof identity);
		journal(JOURNAL_OPEN_FAILED, "reason=%s exit=%d", journal_quoted(room, why), SERVER_REFUSED);
		return SERVER_REFUSED;
	}
	const struct server_options server_options = {
		.listen = options->listen,
		.identity = &identity,
		.manual_clock = options->manual_clock,
		.manual_ms = options->manual_ms,
		.connections = options->connections,
		.memory = options->memory,
	};
	enum server_end end = server_run(engine, &server_options);
	engine_close(&engine);
	sodium_memzero(&identity, sizeof identity);
	return (int)end;
}

int command_verify(const struct command_options *options)
{
	guard_secrets();
	return verify_store(options->data, stdout) ? 1 : 0;
}

/* The daemon's own doing, on its standard input and output; it dies with the daemon. */
int command_trial(const struct command_options *options)
{
	char why[WHY_SIZE] = "", room[JOURNAL_QUOTED_SIZE];

	guard_secrets();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setpriority(PRIO_PROCESS, 0, 19) != 0)
		errno = 0; /* systemd may forbid it; it is only polite */
	if (trial_run(options->data, STDIN_FILENO, STDOUT_FILENO, why, sizeof why) == 0)
		return SERVER_DONE;
	journal(JOURNAL_TRIAL_FAILED, "reason=%s", journal_quoted(room, why));
	return SERVER_REFUSED;
}

int command_restore(const struct command_options *options)
{
	char why[WHY_SIZE] = "";
	struct data_dir data;

	guard_secrets();
	finish_what_is_begun();
	if (data_dir_prepare(&data, options->data, why, sizeof why))
		return refuse(why);
	if (restore_store(options->backup, options->backup_key, options->data, why, sizeof why) ||
	    data_dir_new_daemon(options->data, why, sizeof why) ||
	    data_dir_sync(&data, why, sizeof why)) {
		data_dir_undo(&data);
		return refuse(why);
	}
	printf("The store in %s was made of %s.\n"
	       "The daemon has a new key: clients need the new %s/attendd.pub.\n"
	       "Everybody else's keys are as they were. Next:\n"
	       "  attendd verify --data %s\n"
	       "  attendd run --data %s\n",
	       options->data, options->backup, options->data, options->data, options->data);
	return SERVER_DONE;
}

/* admin.identity, or the next of admin-2.identity and so on that isn't there. */
static int free_admin_name(const char *dir, char *name, size_t name_size)
{
	char path[DATA_PATH_SIZE];

	for (int i = 1; i < ADMINS_MAX; i++) {
		if (i == 1)
			snprintf(name, name_size, "admin.identity");
		else
			snprintf(name, name_size, "admin-%d.identity", i);
		int size = snprintf(path, sizeof path, "%s/%s", dir, name);
		if (size < 0 || size >= (int)sizeof path)
			return -1;
		if (access(path, F_OK))
			return errno == ENOENT ? 0 : -1;
	}
	return -1;
}

int command_admin(const struct command_options *options)
{
	char why[WHY_SIZE] = "", name[32], path[DATA_PATH_SIZE];
	struct data_dir data = { .path = options->data };
	struct identity admin;

	guard_secrets();
	finish_what_is_begun();
	if (free_admin_name(options->data, name, sizeof name)) {
		snprintf(why, sizeof why, "no new identity can be put in %s: %s", options->data, strerror(errno));
		return refuse(why);
	}
	int rc = data_dir_new_identity(options->data, name, &admin, path, why, sizeof why);
	sodium_memzero(admin.secret_text, sizeof admin.secret_text);
	if (rc)
		return refuse(why);
	/* The key first: an event that grants a key which nobody holds could not
	 * be taken back, a key that nothing grants is only a file. */
	if (data_dir_sync(&data, why, sizeof why) ||
	    engine_new_admin(options->data, admin.public_key, why, sizeof why)) {
		unlink(path);
		return refuse(why);
	}
	printf("A new administrator's key: %s\n"
	       "The ones before it are still good; revoke those that are lost: attend revoke PUBLIC-KEY\n",
	       path);
	return SERVER_DONE;
}

int command_rekey(const struct command_options *options)
{
	char why[WHY_SIZE] = "";
	const char *dir = options->data;

	guard_secrets();
	finish_what_is_begun();
	if (data_dir_renew_daemon(dir, why, sizeof why))
		return refuse(why);
	printf("The daemon's next start is with a new key: clients need the new %s/attendd.pub then.\n"
	       "The old pair is in %s/attendd.identity.old: remove it once nobody goes back.\n", dir, dir);
	return SERVER_DONE;
}
