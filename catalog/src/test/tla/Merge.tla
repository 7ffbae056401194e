-------------------------------- MODULE Merge --------------------------------
(***************************************************************************)
(* One partition of a topic, the staging table and the keyed table, each   *)
(* with its own ledger. Kafka may drop records from its start, and has     *)
(* offsets without a record. Beside ingestion, merge, retention and        *)
(* expiry: rollbacks of either table, older states of both, either table   *)
(* dropped, another engine that deletes staged rows, a backfill of what is *)
(* missing.                                                                *)
(*                                                                         *)
(* Checked: the keyed table has every record below its ledger, unless a    *)
(* person went on without it, or Kafka had lost it before it was staged;   *)
(* and rollbacks and retention alone never make a merge stop.              *)
(*                                                                         *)
(* Each safeguard can be switched off. Then the checker must find a        *)
(* history that breaks what it is there for.                               *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets, TLC

CONSTANTS
    End,              \* offsets are 0 .. End - 1
    Holes,            \* offsets without a record: transaction markers
    MaxSteps,         \* bounds the histories
    ProveStep,        \* a merge compares the rows that it finds with the count of the appends
    KeepForRollback   \* retention keeps what any snapshot of the keyed table lacks

Offsets == 0 .. End - 1
Records == Offsets \ Holes

VARIABLES
    kafka,    \* the first offset that Kafka still holds
    staging,  \* [next, start, rows, count]: count is that of the appends, by offset
    keyed,    \* [next, rows, count, without]
    past,     \* snapshots of the keyed table that it can be rolled back to
    before,   \* a snapshot of staging that it can be rolled back to; one at a time, any
    harmed,   \* somebody took rows or a table away
    stopped,  \* a merge did not find what it was to merge
    steps

vars == <<kafka, staging, keyed, past, before, harmed, stopped, steps>>

Span(from, to) == {o \in Offsets : o >= from /\ o < to}

Init ==
    /\ kafka = 0
    /\ staging = [start |-> 0, next |-> 0, rows |-> {}, appended |-> {}, lost |-> {}]
    /\ keyed = [next |-> 0, rows |-> {}, without |-> {}]
    /\ past = {}
    /\ before = {}
    /\ harmed = FALSE
    /\ stopped = FALSE
    /\ steps = 0

Step == steps < MaxSteps /\ steps' = steps + 1

-------------------------------------------------------------------------------
\* Firn

\* Offsets that Kafka dropped before they were staged are a gap in staging's ledger.
Ingest ==
    /\ Step
    /\ \E to \in 1 .. End :
        /\ to > staging.next
        /\ LET from == IF kafka > staging.next THEN kafka ELSE staging.next
               read == Span(from, to) \cap Records
           IN
            /\ from < to
            /\ staging' = [staging EXCEPT !.next = to, !.rows = @ \cup read, !.appended = @ \cup read,
                                          !.lost = @ \cup Span(staging.next, from)]
    /\ before' = {staging}
    /\ UNCHANGED <<kafka, keyed, past, harmed, stopped>>

\* From the keyed table's ledger to staging's. What staging never covered, or counted and lost, is missing.
Missing(from, to) ==
    LET uncovered == Span(from, staging.start)
        covered == Span(IF from > staging.start THEN from ELSE staging.start, to)
        \* By numbers: the appends' count has no offsets.
        lacking == Cardinality(staging.appended \cap covered) > Cardinality(staging.rows \cap covered)
    IN  uncovered \ staging.rows # {} \/ lacking

Merge ==
    /\ Step
    /\ staging.next > keyed.next
    /\ IF ProveStep /\ Missing(keyed.next, staging.next)
       THEN /\ stopped' = TRUE
            /\ UNCHANGED <<keyed, past>>
       ELSE /\ keyed' = [next |-> staging.next,
                         rows |-> keyed.rows \cup (staging.rows \cap Span(keyed.next, staging.next)),
                         without |-> keyed.without \cup (staging.lost \cap Span(keyed.next, staging.next))]
            /\ past' = past \cup {keyed}
            /\ UNCHANGED stopped
    /\ UNCHANGED <<kafka, staging, before, harmed>>

Retention ==
    /\ Step
    /\ LET reachable == IF KeepForRollback THEN past \cup {keyed} ELSE {keyed} IN
        \E below \in 1 .. End :
            /\ \A snapshot \in reachable : below <= snapshot.next
            /\ staging' = [staging EXCEPT !.rows = @ \ Span(0, below)]
    /\ UNCHANGED <<kafka, keyed, past, before, harmed, stopped>>

Expire ==
    /\ Step
    /\ past # {}
    /\ \E kept \in SUBSET past : past' = kept
    /\ UNCHANGED <<kafka, staging, keyed, before, harmed, stopped>>

\* A backfill of what is missing reads whatever Kafka still holds.
Backfill ==
    /\ Step
    /\ staging' = [staging EXCEPT !.rows = @ \cup (Span(kafka, staging.next) \cap Records)]
    /\ UNCHANGED <<kafka, keyed, past, before, harmed, stopped>>

\* A person goes on without what Kafka has lost.
Accept ==
    /\ Step
    /\ staging.next > keyed.next
    /\ LET gone == (Span(keyed.next, staging.next) \cap Span(0, kafka)) \ staging.rows
           left == (Span(keyed.next, staging.next) \cap Records \cap Span(kafka, End)) \ staging.rows
       IN
        /\ left = {}
        /\ keyed' = [next |-> staging.next,
                     rows |-> keyed.rows \cup (staging.rows \cap Span(keyed.next, staging.next)),
                     without |-> keyed.without \cup gone]
        /\ past' = past \cup {keyed}
    /\ UNCHANGED <<kafka, staging, before, harmed, stopped>>

-------------------------------------------------------------------------------
\* Everybody else

Forget ==
    /\ Step
    /\ kafka < End
    /\ kafka' = kafka + 1
    /\ UNCHANGED <<staging, keyed, past, before, harmed, stopped>>

RollBackKeyed ==
    /\ Step
    /\ \E snapshot \in past : keyed' = snapshot
    /\ UNCHANGED <<kafka, staging, past, before, harmed, stopped>>

\* What retention took out since comes back with the older snapshot.
RollBackStaging ==
    /\ Step
    /\ \E snapshot \in before : staging' = snapshot
    /\ UNCHANGED <<kafka, keyed, past, before, harmed, stopped>>

DeleteStaged ==
    /\ Step
    /\ \E rows \in SUBSET staging.rows : staging' = [staging EXCEPT !.rows = rows]
    /\ harmed' = TRUE
    /\ UNCHANGED <<kafka, keyed, past, before, stopped>>

\* A start of Firn makes a new one, which begins where the keyed table's ledger ends, or an older Firn did.
DropStaging ==
    /\ Step
    /\ \E start \in {keyed.next, kafka} :
        staging' = [start |-> start, next |-> start, rows |-> {}, appended |-> {}, lost |-> {}]
    /\ before' = {}
    /\ harmed' = TRUE
    /\ UNCHANGED <<kafka, keyed, past, stopped>>

\* A rebuild makes a new one, which begins where the set began.
DropKeyed ==
    /\ Step
    /\ keyed' = [next |-> 0, rows |-> {}, without |-> {}]
    /\ past' = {}
    /\ harmed' = TRUE
    /\ UNCHANGED <<kafka, staging, before, stopped>>

\* The catalog is restored from an older state: both tables go back, and know no later snapshot.
Restore ==
    /\ Step
    /\ \E older \in past, earlier \in before :
        /\ keyed' = older
        /\ staging' = earlier
    /\ past' = {}
    /\ before' = {}
    /\ harmed' = TRUE
    /\ UNCHANGED <<kafka, stopped>>

Next ==
    \/ Ingest \/ Merge \/ Retention \/ Expire \/ Backfill \/ Accept
    \/ Forget \/ RollBackKeyed \/ RollBackStaging \/ DeleteStaged \/ DropStaging
    \/ DropKeyed \/ Restore

Spec == Init /\ [][Next]_vars

-------------------------------------------------------------------------------
NothingAbsentIsTakenForDone ==
    \A o \in Records : o < keyed.next => o \in keyed.rows \/ o \in keyed.without

\* What a person decided on, or ingestion recorded as a gap, was really gone from Kafka.
OnlyLostIsGivenUp == \A o \in keyed.without : o < kafka

JobsAloneNeverStopAMerge == harmed \/ ~stopped
===============================================================================
