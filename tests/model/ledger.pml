/* ledger.pml: the slice ledger, its workers and their supervisor, for SPIN: every order of their steps with a kill
   between any two of them.
   Not the code, which tests/ledger/kill_anywhere_test.cpp kills, and no weak memory: SPIN's memory is sequentially
   consistent. Left out too: filters that throw, stopping a run, several runs, stray writes, the host's own death.

   here                   stands for
   words, ticket          SliceLedger's shared memory                  lib/ledger/slice_ledger.hpp, task_word.hpp
   proctype worker        take_part() and work()                       lib/backends/attend_runs.cpp, lib/worker/work.cpp
     draw, look, claim    SliceLedger::try_claim, try_claim_task (T1)  lib/ledger/slice_ledger.cpp
     slice ... scatter    Bench::do_task, do_slice, scatter_tile       lib/worker/work.cpp
     commit               SliceLedger::commit (T2)
     rest, leave          take_part() behind work(), attend_runs()
   die()                  SIGKILL, a crash, exit(): from then on the process executes nothing
   proctype supervisor    Supervisor::Watch::until_the_end             lib/supervision/watch.cpp
     bury                 bury_the_dead, then bury: reap first
     settle()             settle, with SliceLedger::claims_of, give_back and give_up (T3)
     kill_the_overdue     kill_the_overdue
     replace()            replace_the_dead, Supervisor::spawn
     HAS_ENDED            has_ended, everybody_left
   mailbox, finished      WorkerMailbox::slice (NO_SLICE is -1), finished_run
   closed                 RecordState::closed
   charges                the number of causes in TaskBook::causes

   A step is one access to memory that somebody else may look at, with whatever the process does alone before the next.
   What only the supervisor may read, and only of a worker it has reaped (records), goes with a neighbouring step. Steps
   that are the same in their effect are one: load and increment of the ticket, for a number beyond the last task is as
   good as any other such number.

   Sizes and variants, all by -D:
     WORKERS 2 or 3, TASKS, GROUP (slices per task), KILLS (at any place), MAX_ATTEMPTS, DEADLINES (kills by the
     supervisor, which strike at any later place)
     TIMED_WAITS           a resting worker looks again although nothing has changed; with the claim `ends`
   Mistakes, each of which must be found (check_model.sh):
     REQUEUE_BEFORE_REAP   a slice beyond its deadline is offered again at once, its worker reaped later
     COMPLETION_COUNTED    the end is read off a counter that workers increment after their commit
     NO_SEARCH             only tickets lead to tasks
     SETTLE_BY_MAILBOX     only the slice in the mailbox of the dead is settled, not every word with its name
     ATTEMPT_KEPT          T3 does not count the attempt
     ANY_CLAIM_COMMITS     T2 does not compare the owner; see check_model.sh for when this can be told
     OUTPUT_UNCHECKED      no mistake: what is asserted of the output is left out, to see what holds of the words */

#ifndef WORKERS
#define WORKERS 3
#endif
#ifndef TASKS
#define TASKS 4
#endif
#ifndef GROUP
#define GROUP 1
#endif
#ifndef KILLS
#define KILLS 2
#endif
#ifndef MAX_ATTEMPTS
#define MAX_ATTEMPTS 2
#endif
#ifndef DEADLINES
#define DEADLINES 0
#endif

#define SLICES (TASKS * GROUP)
#define BEGIN(t) ((t) * GROUP)
#define END(t) ((t) * GROUP + GROUP)
#define NO_SLICE 255

/* TaskState */
#define waiting 0
#define claimed 1
#define done 2
#define failed 3

typedef Word { byte state; byte attempt; byte slot; byte incarnation }

/* Shared memory */
Word words[TASKS];
byte ticket;
byte mailbox[WORKERS] = NO_SLICE;
bool finished[WORKERS];
bool closed[SLICES];

/* Processes, as the kernel knows them */
#define alive 0
#define zombie 1 /* dead, not reaped */
#define empty 2  /* reaped */
byte seat[WORKERS] = alive;
byte incarnation[WORKERS];
bool doomed[WORKERS]; /* SIGKILL is under way */
byte kills_left = KILLS;

/* The supervisor's own memory */
byte charges[SLICES];
#if DEADLINES > 0
byte overdue[WORKERS] = NO_SLICE;
byte deadlines_left = DEADLINES;
#endif
bool over;
#ifdef COMPLETION_COUNTED
byte counted; /* shared */
#endif

/* For the assertions; no process decides by these */
byte writers[TASKS]; /* living processes that write the task's slices to the output now */
bool whole[SLICES];  /* the output holds the slice */
byte commits[TASKS];
byte taken[TASKS];   /* times the task was taken away from its owner */

/* What nobody reads of a settled task. The code keeps it; here it would only multiply the states. */
#define forget(t) \
    words[t].slot = 0; words[t].incarnation = 0; words[t].attempt = 0; taken[t] = 0

#define IS_SETTLED(t) (words[t].state >= done)
#if TASKS == 2
#define ALL_SETTLED (IS_SETTLED(0) && IS_SETTLED(1))
#define ANY_WAITING (words[0].state == waiting || words[1].state == waiting)
#elif TASKS == 3
#define ALL_SETTLED (IS_SETTLED(0) && IS_SETTLED(1) && IS_SETTLED(2))
#define ANY_WAITING (words[0].state == waiting || words[1].state == waiting || words[2].state == waiting)
#elif TASKS == 4
#define ALL_SETTLED (IS_SETTLED(0) && IS_SETTLED(1) && IS_SETTLED(2) && IS_SETTLED(3))
#define ANY_WAITING (words[0].state == waiting || words[1].state == waiting || words[2].state == waiting || \
                     words[3].state == waiting)
#endif

/* Workers are alike until their first step: that they take it in the order of their slots loses no case but saves most
   of them. */
byte begun;
#define MAY_BEGIN (begun >= me)
#define begin_now() begun = (begun == me -> me + 1 : begun)

#define MAY_DIE (kills_left > 0 || doomed[me])
#define DEATH :: atomic { MAY_DIE -> die(); goto no_worker }

inline die() {
    d_step {
        kills_left = (doomed[me] -> kills_left : kills_left - 1);
        seat[me] = zombie;
        writers[task] = writers[task] - writing;
        writing = false; computed = 0; position = 0; attempt = 0; task = 0; searching = false
    }
}

#ifdef OUTPUT_UNCHECKED
#define assert_of_output(truth) skip
#else
#define assert_of_output(truth) assert(truth)
#endif

/* First and last store to the output: of the filter, or of scatter_tile for groups. A group's cache lines are written
   whole, closed slices and all. */
inline begin_to_write() {
    d_step {
        assert_of_output(words[task].state != done); /* no finished slice is touched again */
        assert_of_output(writers[task] == 0); /* never two writers */
        writers[task]++;
        writing = true;
        i = BEGIN(task);
        do
        :: i < END(task) -> whole[i] = false; i++
        :: else -> break
        od;
        i = 0
    }
}

inline end_to_write() {
    d_step {
        assert_of_output(words[task].state != done); /* no finished slice is touched again */
        writers[task]--;
        writing = false;
        i = BEGIN(task);
        do
        :: i < END(task) -> whole[i] = (computed >> (i - BEGIN(task))) & 1; i++
        :: else -> break
        od;
        i = 0
    }
}

/* Bench::is_wanted */
inline pass_over_closed_slices() {
    d_step {
        do
        :: position < END(task) && closed[position] -> position++
        :: else -> break
        od;
        i = 0 /* SPIN wants a statement behind a loop in a step */
    }
}

hidden byte i; /* for loops within one step */

proctype worker(byte me) {
    byte task;
    byte attempt;   /* of the word as it was seen, then of the claim */
    byte position;
    byte computed;  /* bit per slice of the task */
    bool searching; /* the tickets have run out */
    bool writing;

draw:
    if
    :: atomic { MAY_BEGIN && MAY_DIE -> begin_now(); die(); goto no_worker }
    :: atomic { MAY_BEGIN && ticket < TASKS -> begin_now(); task = ticket; ticket++; goto look }
#ifdef NO_SEARCH
    :: atomic { MAY_BEGIN && ticket >= TASKS -> begin_now(); goto rest }
#else
    :: atomic { MAY_BEGIN && ticket >= TASKS -> begin_now(); task = 0; searching = true; goto look }
#endif
    fi;

look: /* try_claim_task: load */
    if
    DEATH
    :: atomic { words[task].state == waiting -> attempt = words[task].attempt; goto claim }
    :: atomic { words[task].state != waiting -> goto not_this_one }
    fi;

claim: /* T1: compare-exchange */
    if
    DEATH
    :: atomic {
        words[task].state == waiting && words[task].attempt == attempt ->
            d_step {
                words[task].state = claimed;
                words[task].slot = me;
                words[task].incarnation = incarnation[me];
                searching = false;
                position = BEGIN(task)
            };
            pass_over_closed_slices();
            goto slice
        }
    :: atomic { words[task].state != waiting || words[task].attempt != attempt -> attempt = 0; goto not_this_one }
    fi;

not_this_one:
    atomic {
        if
        :: !searching -> task = 0; goto draw
        :: searching && task + 1 < TASKS -> task++; goto look
        :: searching && task + 1 == TASKS -> task = 0; searching = false; goto rest
        fi
    };

slice:
    if
    DEATH
#if GROUP == 1
    :: atomic { position < END(task) -> mailbox[me] = position; begin_to_write(); goto in_filter }
    :: atomic { position == END(task) -> goto commit }
#else
    :: atomic { position < END(task) -> mailbox[me] = position; goto in_filter }
    :: atomic { position == END(task) -> begin_to_write(); goto scatter }
#endif
    fi;

in_filter:
    if
    DEATH
    :: atomic {
        true ->
            computed = computed | (1 << (position - BEGIN(task)));
#if GROUP == 1
            end_to_write();
#endif
            mailbox[me] = NO_SLICE;
            position++;
            pass_over_closed_slices();
            goto slice
        }
    fi;

#if GROUP > 1
scatter:
    if
    DEATH
    :: atomic { true -> end_to_write() }
    fi;
#endif

commit: /* T2: compare-exchange */
    if
    DEATH
    :: atomic {
#ifdef ANY_CLAIM_COMMITS
        words[task].state == claimed ->
#else
        words[task].state == claimed && words[task].attempt == attempt && words[task].slot == me &&
        words[task].incarnation == incarnation[me] ->
#endif
            d_step {
                assert(commits[task] == 0); /* none finished twice */
                assert(words[task].slot == me && words[task].incarnation == incarnation[me]); /* our claim */
                i = BEGIN(task);
                do
                :: i < END(task) ->
                    assert_of_output(whole[i] || closed[i]); /* nothing is committed that is not there */
                    charges[i] = (closed[i] -> charges[i] : 0);
                    i++
                :: else -> break
                od;
                i = 0;
                commits[task]++;
                assert(words[task].attempt == taken[task]);
                words[task].state = done;
                forget(task)
            };
            goto committed
        }
    :: atomic {
#ifdef ANY_CLAIM_COMMITS
        words[task].state != claimed ->
#else
        words[task].state != claimed || words[task].attempt != attempt || words[task].slot != me ||
        words[task].incarnation != incarnation[me] ->
#endif
#ifndef REQUEUE_BEFORE_REAP
            assert(false); /* a correct supervisor never brings about that a commit is refused */
#endif
            goto committed
        }
    fi;

committed:
#ifdef COMPLETION_COUNTED
    if
    DEATH
    :: atomic { true -> counted++ }
    fi;
#endif
    atomic { task = 0; attempt = 0; position = 0; computed = 0; goto draw };

rest: /* SliceLedger::count, then wait for `offered`. Settled words stay so: a count that finds nothing else is right. */
    if
    DEATH
#ifdef TIMED_WAITS
    :: atomic { !ALL_SETTLED -> goto draw }
#else
    :: atomic { ANY_WAITING -> goto draw } /* the wait ends by its time limit at the latest, then this is seen */
#endif
    :: atomic { ALL_SETTLED -> goto leave }
    fi;

leave:
    if
    DEATH
    :: atomic { true -> finished[me] = true }
    fi;

end_idle:
    if
    :: atomic { !over && MAY_DIE -> die(); goto no_worker }
    fi;

end_no_worker:
no_worker: /* the next occupant of the seat begins here */
    atomic { seat[me] == alive -> goto draw }
}

/* T3 for what worker `w` holds. */
inline settle(w, charge) {
    d_step {
        held = 0;
        do
        :: held < TASKS && !(words[held].state == claimed && words[held].slot == w &&
                             words[held].incarnation == incarnation[w]) -> held++
        :: else -> break
        od;
#ifdef SETTLE_BY_MAILBOX
        if
        :: mailbox[w] == NO_SLICE -> held = TASKS
        :: else
        fi;
#endif
        if
        :: held < TASKS ->
            /* Outside the filter the first slice that is still open takes the blame. */
            blamed = mailbox[w];
            if
            :: blamed < BEGIN(held) || blamed >= END(held) ->
                blamed = BEGIN(held);
                do
                :: blamed < END(held) && closed[blamed] -> blamed++
                :: else -> break
                od
            :: else
            fi;
            if
            :: (charge) && blamed < END(held) && !closed[blamed] ->
                charges[blamed]++;
                closed[blamed] = charges[blamed] >= MAX_ATTEMPTS
            :: else
            fi;
            any_open = false;
            i = BEGIN(held);
            do
            :: i < END(held) -> any_open = any_open || !closed[i]; whole[i] = false; i++
            :: else -> break
            od;
            if
            :: any_open ->
                words[held].state = waiting;
                words[held].slot = 0;
                words[held].incarnation = 0;
#ifndef ATTEMPT_KEPT
                words[held].attempt++;
#endif
                taken[held]++
            :: else ->
#ifdef COMPLETION_COUNTED
                counted++;
#endif
                words[held].state = failed;
                assert(words[held].attempt == taken[held]);
                forget(held)
            fi
        :: else
        fi;
        held = 0; blamed = 0; any_open = false; i = 0
    }
}

hidden byte held;
hidden byte blamed;
hidden byte any_open;

inline replace(w) {
    d_step {
        incarnation[w]++;
        mailbox[w] = NO_SLICE;
        finished[w] = false;
        doomed[w] = false;
        seat[w] = alive
    }
}

#if DEADLINES > 0
inline kill_the_overdue(w) {
    d_step {
        deadlines_left--;
        overdue[w] = mailbox[w];
        doomed[w] = true
    }
#ifdef REQUEUE_BEFORE_REAP
    settle(w, true)
#endif
}
#define IS_OVERDUE(w) \
    (deadlines_left > 0 && seat[w] == alive && !finished[w] && mailbox[w] != NO_SLICE && overdue[w] == NO_SLICE)
#define IS_TO_BLAME(w) (overdue[w] == NO_SLICE || overdue[w] == mailbox[w])
#define forget_deadline(w) overdue[w] = NO_SLICE
#else
#define IS_TO_BLAME(w) true
#define forget_deadline(w) skip
#endif

/* try_reap first, then settle. One step: nobody else sees the difference between a zombie and a reaped process. */
inline bury(w) {
    seat[w] = empty;
    settle(w, IS_TO_BLAME(w));
    forget_deadline(w)
}

#define HAS_LEFT(w) (seat[w] == empty || finished[w])
#if WORKERS == 2
#define EVERYBODY_LEFT (HAS_LEFT(0) && HAS_LEFT(1))
#else
#define EVERYBODY_LEFT (HAS_LEFT(0) && HAS_LEFT(1) && HAS_LEFT(2))
#endif
#ifdef COMPLETION_COUNTED
#define HAS_ENDED (EVERYBODY_LEFT && counted == TASKS)
#else
#define HAS_ENDED (EVERYBODY_LEFT && ALL_SETTLED)
#endif

/* The loop's calls in any order, which allows more than the code does; the delay before a replacement is any, too. With
   nobody alive the replacement is all that is left to do. */
proctype supervisor() {
watch:
    if
    :: atomic { seat[0] == zombie -> bury(0); goto watch }
    :: atomic { seat[1] == zombie -> bury(1); goto watch }
    :: atomic { seat[0] == empty -> replace(0); goto watch }
    :: atomic { seat[1] == empty -> replace(1); goto watch }
#if WORKERS > 2
    :: atomic { seat[2] == zombie -> bury(2); goto watch }
    :: atomic { seat[2] == empty -> replace(2); goto watch }
#endif
#if DEADLINES > 0
    :: atomic { IS_OVERDUE(0) -> kill_the_overdue(0); goto watch }
    :: atomic { IS_OVERDUE(1) -> kill_the_overdue(1); goto watch }
#if WORKERS > 2
    :: atomic { IS_OVERDUE(2) -> kill_the_overdue(2); goto watch }
#endif
#endif
    :: atomic { HAS_ENDED -> goto ended }
    fi;

ended:
    skip;
    d_step {
        i = 0;
        do
        :: i < TASKS ->
            assert(words[i].state == done && commits[i] == 1 || words[i].state == failed && commits[i] == 0);
            assert(writers[i] == 0);
            i++
        :: else -> break
        od;
        i = 0;
        do
        :: i < SLICES ->
            /* None lost: it is there, or it killed its worker too often. Neighbours in a group are not given up. */
            assert(words[i / GROUP].state == done || closed[i]);
            assert_of_output(whole[i] || closed[i]);
            assert(closed[i] == (charges[i] >= MAX_ATTEMPTS));
            i++
        :: else -> break
        od;
        i = 0;
        over = true
    }
}

init {
    atomic {
        run worker(0);
        run worker(1);
#if WORKERS > 2
        run worker(2);
#endif
        run supervisor()
    }
}

#ifdef TIMED_WAITS
ltl ends { <> over }
#endif
