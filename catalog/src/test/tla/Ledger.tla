-------------------------------- MODULE Ledger --------------------------------
(***************************************************************************)
(* One partition of a topic, one table, and writers that do not know of    *)
(* each other: workers, zombies whose partition moved on, processes that   *)
(* crashed and came back. Beside them maintenance, foreign engines that    *)
(* commit and expire, and people who roll the table back.                  *)
(*                                                                         *)
(* Checked: whatever happens in whichever order, the table holds every     *)
(* offset below its ledger once and none above it; no file is removed that *)
(* the table references; nobody is told "fenced" of what he can see is in. *)
(*                                                                         *)
(* Each safeguard can be switched off. Then the checker must find a        *)
(* history that breaks what it is there for.                               *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets, TLC

CONSTANTS
    Writers,
    End,              \* offsets are 0 .. End - 1
    MaxVersions,      \* of the table's metadata: bounds the histories, with
    MaxBatches,       \* that the writers seal
    StartCheck,       \* a batch must begin where the ledger ends
    SwapOnBase,       \* a commit replaces exactly the metadata that was checked
    IdLookup,         \* a commit looks for its own id before it looks at the ledger
    DeferredRemoval,  \* files stay if any attempt's outcome was unknown
    CarryForward,     \* maintenance carries the ledger into its own snapshots
    PropertyFallback, \* where no snapshot is left that carries the ledger, the table's property does
    PropertyNames     \* ... and only if it is of the snapshot that the head stands on

None == End + 1
Unclear == End + 2
Offsets == 0 .. End - 1
Ids == 1 .. MaxBatches
Either == Permutations(Writers)

VARIABLES
    table,    \* what the head is, and the property
    past,     \* a head that somebody may roll back to; one at a time, any
    writer,   \* what each writer holds in memory
    flight,   \* requests that the catalog has not seen yet
    nextId,
    removed,  \* ids of commits whose files were removed
    misled    \* somebody was told "fenced" of a commit that was in sight

vars == <<table, past, writer, flight, nextId, removed, misled>>

Nobody == [phase |-> "idle", position |-> 0, start |-> 0, end |-> 0, id |-> 0, base |-> 0, unknown |-> FALSE]

At(position) == [Nobody EXCEPT !.phase = "reading", !.position = position]

Init ==
    /\ table = [version |-> 0, ledger |-> 0, reach |-> None, firn |-> 0, ids |-> {},
                rows |-> [o \in Offsets |-> 0], files |-> {},
                property |-> 0, propertyBy |-> 0]
    /\ past = {}
    /\ writer = [w \in Writers |-> Nobody]
    /\ flight = {}
    /\ nextId = 1
    /\ removed = {}
    /\ misled = FALSE

\* The ledger as LedgerReader finds it: head, ancestry, property.
LedgerOf(t) ==
    IF t.ledger # None THEN t.ledger
    ELSE IF t.reach # None THEN t.reach
    ELSE IF ~PropertyFallback THEN 0
    ELSE IF PropertyNames /\ t.propertyBy # t.firn THEN Unclear
    ELSE t.property

Snapshot(t) == [ledger |-> t.ledger, reach |-> t.reach, firn |-> t.firn, ids |-> t.ids, rows |-> t.rows,
                files |-> t.files]

\* The head of before is remembered in place of the one so far, or it is not.
Remember == past' = past \/ past' = {Snapshot(table)}

CanCommit == table.version < MaxVersions

-------------------------------------------------------------------------------
\* Writers

Seek(w) ==
    /\ writer[w].phase = "idle"
    /\ LedgerOf(table) # Unclear
    /\ writer' = [writer EXCEPT ![w] = At(LedgerOf(table))]
    /\ UNCHANGED <<table, past, flight, nextId, removed, misled>>

Seal(w) ==
    /\ writer[w].phase = "reading"
    /\ nextId \in Ids
    /\ \E e \in Offsets :
        /\ e >= writer[w].position
        /\ writer' = [writer EXCEPT ![w].phase = "ready", ![w].position = 0, ![w].start = writer[w].position, ![w].end = e + 1,
                                    ![w].id = nextId, ![w].unknown = FALSE]
    /\ nextId' = nextId + 1
    /\ UNCHANGED <<table, past, flight, removed, misled>>

Follows(w, l) ==
    IF StartCheck THEN l = writer[w].start ELSE l < writer[w].end

\* One attempt: look at the table, then send what must replace exactly that.
Attempt(w) ==
    /\ writer[w].phase = "ready"
    /\ LET me == writer[w]
           l == LedgerOf(table)
       IN
        \/ /\ IdLookup /\ me.id \in table.ids
           /\ writer' = [writer EXCEPT ![w] = At(me.end)]
           /\ UNCHANGED <<flight, removed, misled>>
        \/ /\ ~(IdLookup /\ me.id \in table.ids)
           /\ l # Unclear
           /\ Follows(w, l)
           /\ CanCommit
           /\ flight' = flight \cup {[id |-> me.id, start |-> me.start, end |-> me.end, base |-> table.version]}
           /\ writer' = [writer EXCEPT ![w].phase = "waiting", ![w].base = table.version]
           /\ UNCHANGED <<removed, misled>>
        \/ /\ ~(IdLookup /\ me.id \in table.ids)
           /\ l # Unclear
           /\ ~Follows(w, l)
           /\ removed' = IF DeferredRemoval /\ me.unknown THEN removed ELSE removed \cup {me.id}
           /\ misled' = (misled \/ me.id \in table.ids)
           /\ writer' = [writer EXCEPT ![w] = Nobody]
           /\ UNCHANGED flight
    /\ UNCHANGED <<table, past, nextId>>

\* The catalog comes to a request, early or late. Its answer arrives, if somebody still waits for it, or is lost.
Land(r) ==
    /\ flight' = flight \ {r}
    /\ LET fits == ~SwapOnBase \/ r.base = table.version
           waits == {w \in Writers : /\ writer[w].phase = "waiting"
                                     /\ writer[w].id = r.id /\ writer[w].base = r.base}
       IN
        /\ IF fits /\ CanCommit
           THEN /\ Remember
                /\ table' = [table EXCEPT
                       !.version = @ + 1, !.ledger = r.end, !.reach = None, !.firn = table.version + 1,
                       !.ids = @ \cup {r.id}, !.files = @ \cup {r.id},
                       !.rows = [o \in Offsets |-> @[o] + (IF o >= r.start /\ o < r.end THEN 1 ELSE 0)],
                       !.property = r.end, !.propertyBy = table.version + 1]
           ELSE UNCHANGED <<table, past>>
        /\ \/ UNCHANGED writer
           \/ \E w \in waits :
                writer' = [writer EXCEPT ![w] = IF fits /\ CanCommit THEN At(r.end)
                                                ELSE [@ EXCEPT !.phase = "ready", !.base = 0]]
    /\ UNCHANGED <<nextId, removed, misled>>

GiveUpWaiting(w) ==
    /\ writer[w].phase = "waiting"
    /\ writer' = [writer EXCEPT ![w].phase = "ready", ![w].base = 0, ![w].unknown = TRUE]
    /\ UNCHANGED <<table, past, flight, nextId, removed, misled>>

LoseRequest(r) ==
    /\ flight' = flight \ {r}
    /\ UNCHANGED <<table, past, writer, nextId, removed, misled>>

Crash(w) ==
    /\ writer[w].phase # "idle"
    /\ writer' = [writer EXCEPT ![w] = Nobody]
    /\ UNCHANGED <<table, past, flight, nextId, removed, misled>>

-------------------------------------------------------------------------------
\* Everybody else

\* A rewrite of Firn's own: other files, the same rows, the ledger carried on.
Maintain ==
    /\ CanCommit
    /\ LedgerOf(table) # Unclear
    /\ LET l == IF CarryForward THEN LedgerOf(table) ELSE 0 IN
        table' = [table EXCEPT !.version = @ + 1, !.ledger = l, !.reach = None, !.firn = table.version + 1,
                               !.property = l, !.propertyBy = table.version + 1]
    /\ Remember
    /\ UNCHANGED <<writer, flight, nextId, removed, misled>>

\* A foreign engine's snapshot carries no ledger; its ancestors do.
Foreign ==
    /\ CanCommit
    /\ table' = [table EXCEPT !.version = @ + 1, !.ledger = None,
                              !.reach = IF table.ledger # None THEN table.ledger ELSE table.reach]
    /\ Remember
    /\ UNCHANGED <<writer, flight, nextId, removed, misled>>

\* A foreign engine expires all but the head; commit ids of the past are gone with it.
Expire ==
    /\ CanCommit
    /\ table' = [table EXCEPT !.version = @ + 1, !.reach = None, !.ids = {}]
    /\ past' = {}
    /\ UNCHANGED <<writer, flight, nextId, removed, misled>>

\* The property does not go back with the head.
Rollback ==
    /\ CanCommit
    /\ \E old \in past :
        table' = [table EXCEPT !.version = @ + 1, !.ledger = old.ledger, !.reach = old.reach, !.firn = old.firn,
                               !.ids = old.ids, !.rows = old.rows, !.files = old.files]
    /\ UNCHANGED <<past, writer, flight, nextId, removed, misled>>

Next ==
    \/ \E w \in Writers : Seek(w) \/ Seal(w) \/ Attempt(w) \/ GiveUpWaiting(w) \/ Crash(w)
    \/ \E r \in flight : Land(r) \/ LoseRequest(r)
    \/ Maintain \/ Foreign \/ Expire \/ Rollback

Spec == Init /\ [][Next]_vars

-------------------------------------------------------------------------------
Once ==
    LET l == LedgerOf(table) IN
    l # Unclear => \A o \in Offsets : table.rows[o] = (IF o < l THEN 1 ELSE 0)

NothingReferencedIsRemoved == table.files \cap removed = {}

NobodyIsMisled == ~misled
===============================================================================
