package io.firn.catalog.location;

import io.firn.catalog.FirnException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Decides which locations a caller may name in a request that Firn carries out with its own rights: those in the
 * warehouse, and those that the configuration adds. Immutable.
 *
 * <p>A location is compared as it is written. One with {@code .} or {@code ..} in it, also percent-encoded, is refused,
 * and so is a scheme by which Firn would ask some other server: {@code http}, {@code https}, {@code har}, {@code viewfs}
 * and the like. Other schemes are those of the warehouse and of what the configuration adds.
 */
public final class LocationPolicy {
    /** The code of a refusal. */
    public static final String REFUSED = "location-refused";

    private static final Set<String> FOREIGN =
            Set.of("http", "https", "har", "viewfs", "ftp", "sftp", "jar", "data", "webhdfs", "swebhdfs", "httpfs");

    private static final String ACTION =
            "use a location in the warehouse; who runs Firn can add others by http.iceberg-locations";

    private final Optional<String> warehouse;
    private final List<String> added;
    private final List<Root> roots;

    /** @param orEqual whether the directory itself may be named; a warehouse as a whole is nobody's location */
    private record Root(String location, StorePath path, boolean orEqual) {
        static Root of(String location, boolean orEqual) {
            return new Root(location, StorePath.parse(location), orEqual);
        }

        boolean covers(String named, StorePath path) {
            boolean within = orEqual ? path.isAtOrBelow(this.path) : path.isBelow(this.path);
            if (!within || path.isLocalFile()) {
                return within;
            }
            // In a store a doubled slash makes another name.
            String mine = pathOf(location);
            String theirs = pathOf(named);
            return theirs.equals(mine) || theirs.startsWith(mine + "/");
        }
    }

    private LocationPolicy(Optional<String> warehouse, List<String> added, List<Root> roots) {
        this.warehouse = warehouse;
        this.added = List.copyOf(added);
        this.roots = List.copyOf(roots);
    }

    /**
     * Creates the policy of a catalog.
     *
     * @param warehouse of the catalog's configuration; one that is a name and no location allows nothing
     * @param added directories that the configuration allows besides
     */
    public static LocationPolicy of(Optional<String> warehouse, List<String> added) {
        Optional<String> location = warehouse.filter(LocationPolicy::isLocation);
        List<Root> roots = new ArrayList<>();
        location.ifPresent(each -> roots.add(Root.of(each, false)));
        added.forEach(each -> roots.add(Root.of(each, true)));
        return new LocationPolicy(location, added, roots);
    }

    private static boolean isLocation(String warehouse) {
        return warehouse.contains("/") && !warehouse.startsWith("arn:");
    }

    /**
     * Returns what is wrong with a location as a root of allowed ones.
     *
     * @return empty if nothing is
     */
    public static Optional<String> problem(String root) {
        if (root.isBlank() || !root.contains("/")) {
            return Optional.of("is no location");
        }
        StorePath path = StorePath.parse(root);
        if (FOREIGN.contains(path.store())) {
            return Optional.of("has a scheme by which other servers would be asked");
        }
        if (path.hasDotSegments()) {
            return Optional.of("has '.' or '..' in it");
        }
        return path.isLocalFile() && path.isRoot() ? Optional.of("is the whole file system") : Optional.empty();
    }

    /** Returns a policy that also allows the directories in which an existing table or view keeps its files. */
    public LocationPolicy with(List<String> existing) {
        List<Root> more = new ArrayList<>(roots);
        for (String each : existing) {
            if (problem(each).isEmpty()) {
                more.add(Root.of(each, true));
            }
        }
        return new LocationPolicy(warehouse, added, more);
    }

    /** Returns whether a request may name the location. */
    public boolean allows(String location) {
        if (location.isBlank() || location.chars().anyMatch(each -> each < ' ' || each == 0x7f)) {
            return false;
        }
        StorePath path = StorePath.parse(location);
        return !FOREIGN.contains(path.store()) && roots.stream().anyMatch(root -> root.covers(location, path));
    }

    /**
     * Refuses a location that a request may not name.
     *
     * @param what it is in the request, for example {@code the location of the table}
     * @throws FirnException {@code location-refused}
     */
    public void require(String what, String location) {
        if (!allows(location)) {
            throw FirnException.user(
                    REFUSED, what + " is outside of what this catalog may use", "location " + location, ACTION);
        }
    }

    /** Returns the warehouse, if it is a location. */
    Optional<String> warehouse() {
        return warehouse;
    }

    /** Returns the directories that the configuration allows besides. */
    List<String> added() {
        return added;
    }

    /** The part after scheme and authority, without slashes at its end. */
    private static String pathOf(String location) {
        String rest = location.substring(location.indexOf(':') + 1);
        if (rest.startsWith("//")) {
            int slash = rest.indexOf('/', 2);
            rest = slash < 0 ? "" : rest.substring(slash);
        }
        int end = rest.length();
        while (end > 0 && rest.charAt(end - 1) == '/') {
            end--;
        }
        return rest.substring(0, end);
    }
}
