package io.firn.catalog.upsert;

import io.firn.catalog.FirnException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.UUID;
import org.apache.iceberg.Table;

/**
 * The UUIDs by which a table names the tables of its set. Immutable.
 *
 * @param uuids by member; a table that is being rebuilt does not name itself before it exists
 */
record SetNames(Map<SetMember, UUID> uuids) {
    static final SetNames NONE = new SetNames(Map.of());

    SetNames {
        uuids = Map.copyOf(uuids);
    }

    /** @throws FirnException {@code upsert-tables-unreadable} */
    static SetNames of(Table table) {
        String text = table.properties().getOrDefault(UpsertKeys.TABLES, "");
        if (text.isEmpty()) {
            return NONE;
        }
        Map<SetMember, UUID> uuids = new EnumMap<>(SetMember.class);
        for (String part : text.split(",", -1)) {
            int equals = part.indexOf('=');
            Optional<SetMember> member = equals < 0 ? Optional.empty() : SetMember.of(part.substring(0, equals));
            try {
                uuids.put(
                        member.orElseThrow(IllegalArgumentException::new), UUID.fromString(part.substring(equals + 1)));
            } catch (IllegalArgumentException wrong) {
                throw FirnException.user(
                        "upsert-tables-unreadable",
                        "the property " + UpsertKeys.TABLES + " has the value '" + text + "', which Firn never writes",
                        "table " + table.name(),
                        "restore the value keyed=UUID,deletes=UUID,staging=UUID");
            }
        }
        return new SetNames(uuids);
    }

    Optional<UUID> of(SetMember member) {
        return Optional.ofNullable(uuids.get(member));
    }

    /** Returns the value of the table property; members in a fixed order. */
    String text() {
        StringJoiner text = new StringJoiner(",");
        for (SetMember member : SetMember.values()) {
            of(member).ifPresent(uuid -> text.add(member.label() + "=" + uuid));
        }
        return text.toString();
    }
}
