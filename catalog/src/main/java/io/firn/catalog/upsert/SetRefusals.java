package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

/** What to say about a set that is not whole: what is wrong, what is lost, and the command that rebuilds it. */
final class SetRefusals {
    private SetRefusals() {}

    static FirnException missing(UpsertSet set, List<SetMember> missing) {
        String names = missing.stream().map(set::name).collect(Collectors.joining(" and "));
        String others = set.present().stream().map(set::name).collect(Collectors.joining(", "));
        return FirnException.user(
                "upsert-table-missing",
                (missing.size() == 1 ? "the table " + names + " is missing" : "the tables " + names + " are missing")
                        + ": a table of an upsert pipeline is never created again as an empty one",
                "table " + set.name(missing.get(0)) + "; the pipeline's other tables are there: " + others,
                missing.contains(SetMember.KEYED) && missing.contains(SetMember.STAGING)
                        ? "restore the tables; or drop " + set.name(SetMember.DELETES)
                                + " too and start again: then everything is read from Kafka, from 'start' on"
                        : "restore it, or: "
                                + missing.stream()
                                        .map(member -> rebuild(set, member, ""))
                                        .collect(Collectors.joining("; then: ")));
    }

    static FirnException foreign(UpsertSet set, SetMember member, UUID uuid) {
        return FirnException.user(
                "upsert-table-foreign",
                "the table " + set.name(member)
                        + " is another one than the pipeline's other tables name: it was dropped and created again, or"
                        + " belongs to another set",
                "table " + set.name(member) + ", UUID " + uuid + ", expected "
                        + set.expected(member).map(UUID::toString).orElse("none"),
                "restore the table that was there, or: " + rebuild(set, member, " --replace"));
    }

    static FirnException replaced(UpsertSet set, SetMember member) {
        return FirnException.user(
                "upsert-table-replaced",
                "another engine replaced the table " + set.name(member) + " (CREATE OR REPLACE), so its rows are gone",
                "table " + set.name(member),
                "roll it back to the snapshot that it had, or: " + rebuild(set, member, " --replace"));
    }

    static FirnException unfinished(UpsertSet set, SetMember member, String why) {
        return FirnException.user(
                "upsert-rebuild-unfinished",
                "the table " + set.name(member) + " is being rebuilt and not complete: " + why,
                "table " + set.name(member),
                "run 'firn rebuild " + set.name(member) + " --config FILE' again: it resumes");
    }

    /** What is lost with a table, and how it comes back. */
    static String rebuild(UpsertSet set, SetMember member, String options) {
        String command = "'firn rebuild " + set.name(member) + " --config FILE" + options + "'";
        return switch (member) {
            case KEYED ->
                command + " merges the rows anew from " + set.name(SetMember.STAGING)
                        + " and Kafka (with the 'partition-by' that is configured)";
            case DELETES ->
                command + " finds the known deletes, without which a replay brings deleted keys back, in "
                        + set.name(SetMember.STAGING) + " and Kafka";
            case STAGING ->
                command + " begins again where " + set.name(SetMember.KEYED)
                        + " ends, so that records that were staged and not merged are read from Kafka again";
        };
    }

    /** Tells what to do in place of {@code adopt}, which upsert pipelines do not have. */
    static FirnException withoutLedger(UpsertSet set, SetMember member, FirnException refusal) {
        return FirnException.user(
                refusal.code(),
                refusal.what(),
                refusal.where(),
                set.present().size() > 1
                        ? "roll it back to a snapshot of Firn's, or: " + rebuild(set, member, " --replace")
                        : "name another table: an upsert pipeline cannot adopt rows ('adopt' is for mode append)");
    }
}
