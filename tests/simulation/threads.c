/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/simulation/threads.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/dice.h"

enum { THREADS_MAX = 64 };

enum thread_state { FREE, READY, WAITS_COND, WAITS_END, ENDED };

static struct thread {
	enum thread_state state;
	const void *on;              /* the condition, or the thread, that it waits for */
	sem_t go;
	pthread_t real;
	void *(*start)(void *);
	void *context;
} threads[THREADS_MAX];
static unsigned ready_count = 1;
static _Thread_local unsigned me; /* the first is the one that began */
static struct dice chance;
static uint64_t switches;

typedef int create_call(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
typedef int join_call(pthread_t, void **);

/* libc's own, behind ours; as POSIX shows it, since a pointer to a function is none to an object. */
static void find_real(const char *name, void *at)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found)
		abort();
	memcpy(at, &found, sizeof found);
}

static void begin(void)
{
	if (threads[0].state != FREE)
		return;
	threads[0].state = READY;
	sem_init(&threads[0].go, 0, 0);
}

void threads_dice(uint64_t seed)
{
	begin();
	chance.state = seed;
}

uint64_t threads_switches(void)
{
	return switches;
}

static void wait_for_turn(void)
{
	while (sem_wait(&threads[me].go) != 0)
		;
}

/* Any that is ready, by the dice; who calls may not be ready any more. */
static unsigned next(void)
{
	uint64_t nth = ready_count ? dice(&chance, ready_count) : 0;

	for (unsigned i = 0; i < THREADS_MAX; i++)
		if (threads[i].state == READY && nth-- == 0)
			return i;
	fputs("simulation: every thread waits for another\n", stderr);
	abort();
}

static void hand_over(unsigned to)
{
	if (to == me)
		return;
	switches++;
	sem_post(&threads[to].go);
	if (threads[me].state != ENDED)
		wait_for_turn();
}

void threads_pause(void)
{
	if (ready_count > 1)
		hand_over(next());
}

static void wait_on(enum thread_state state, const void *on)
{
	threads[me].state = state;
	threads[me].on = on;
	ready_count--;
	hand_over(next());
}

static void wake(enum thread_state state, const void *on, bool all)
{
	for (unsigned i = 0; i < THREADS_MAX; i++)
		if (threads[i].state == state && threads[i].on == on) {
			threads[i].state = READY;
			ready_count++;
			if (!all)
				return;
		}
}

static void *run(void *context)
{
	struct thread *t = context;
	void *result;

	me = (unsigned)(t - threads);
	wait_for_turn();
	result = t->start(t->context);
	t->state = ENDED;
	ready_count--;
	wake(WAITS_END, t, true);
	hand_over(next());
	return result;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *context)
{
	static create_call *create;
	struct thread *t = threads;
	int result;

	begin();
	if (!create)
		find_real("pthread_create", &create);
	while (t < threads + THREADS_MAX && t->state != FREE)
		t++;
	if (t == threads + THREADS_MAX)
		return EAGAIN;
	t->start = start;
	t->context = context;
	sem_init(&t->go, 0, 0);
	result = create(&t->real, attributes, run, t);
	if (result != 0)
		return result;
	t->state = READY;
	ready_count++;
	*thread = t->real;
	return 0;
}

int pthread_join(pthread_t thread, void **result)
{
	static join_call *join;
	struct thread *t = threads + 1;
	int code;

	if (!join)
		find_real("pthread_join", &join);
	while (t < threads + THREADS_MAX && (t->state == FREE || !pthread_equal(t->real, thread)))
		t++;
	if (t == threads + THREADS_MAX)
		return join(thread, result);
	if (t->state != ENDED)
		wait_on(WAITS_END, t);
	code = join(thread, result);
	t->state = FREE;
	return code;
}

int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
	pthread_mutex_unlock(mutex);
	wait_on(WAITS_COND, condition);
	return pthread_mutex_lock(mutex);
}

int pthread_cond_signal(pthread_cond_t *condition)
{
	wake(WAITS_COND, condition, false);
	return 0;
}

int pthread_cond_broadcast(pthread_cond_t *condition)
{
	wake(WAITS_COND, condition, true);
	return 0;
}
