package io.firn.catalog.rest;

import io.firn.catalog.FirnException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.BadRequestException;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.CommitStateUnknownException;
import org.apache.iceberg.exceptions.ForbiddenException;
import org.apache.iceberg.exceptions.NamespaceNotEmptyException;
import org.apache.iceberg.exceptions.NoSuchIcebergTableException;
import org.apache.iceberg.exceptions.NoSuchNamespaceException;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.exceptions.NoSuchViewException;
import org.apache.iceberg.exceptions.NotAuthorizedException;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.exceptions.UnprocessableEntityException;
import org.apache.iceberg.exceptions.ValidationException;
import org.apache.iceberg.rest.responses.ErrorResponse;
import org.apache.iceberg.rest.responses.ErrorResponseParser;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Failures as the protocol's statuses. What is not known to have failed is a 500, which clients take for an unknown
 * outcome; a 503 they would repeat as if nothing had happened.
 *
 * <p>A caller gets the text of an error only if the request alone determines it. Texts of stores, of other catalogs and
 * of files may hold what the caller must not see: it gets an ID, and the log has the rest under that ID.
 */
final class RestFailures {
    private static final Logger LOG = LoggerFactory.getLogger(RestFailures.class);

    private static final int BAD_REQUEST = 400;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int CONFLICT = 409;
    private static final int INTERNAL = 500;
    private static final int RADIX = 36;
    private static final Set<String> READS = Set.of("GET", "HEAD");

    /** The first that fits. */
    private static final List<Map.Entry<Class<? extends Exception>, Integer>> STATUSES = List.of(
            Map.entry(BadRequestException.class, BAD_REQUEST),
            Map.entry(NamespaceNotEmptyException.class, CONFLICT),
            Map.entry(NotAuthorizedException.class, UNAUTHORIZED),
            Map.entry(ForbiddenException.class, FORBIDDEN),
            Map.entry(NoSuchNamespaceException.class, NOT_FOUND),
            Map.entry(NoSuchTableException.class, NOT_FOUND),
            Map.entry(NoSuchIcebergTableException.class, NOT_FOUND),
            Map.entry(NoSuchViewException.class, NOT_FOUND),
            Map.entry(UnsupportedOperationException.class, 406),
            Map.entry(AlreadyExistsException.class, CONFLICT),
            Map.entry(CommitFailedException.class, CONFLICT),
            Map.entry(UnprocessableEntityException.class, 422),
            Map.entry(CommitStateUnknownException.class, INTERNAL),
            Map.entry(ValidationException.class, BAD_REQUEST),
            Map.entry(IllegalArgumentException.class, BAD_REQUEST));

    /** Their texts name what the request names. */
    private static final List<Class<? extends Exception>> TOLD = List.of(
            BadRequestException.class,
            NamespaceNotEmptyException.class,
            NoSuchNamespaceException.class,
            NoSuchTableException.class,
            NoSuchIcebergTableException.class,
            NoSuchViewException.class,
            UnsupportedOperationException.class,
            AlreadyExistsException.class,
            UnprocessableEntityException.class);

    /** Iceberg's own text, of nothing but a location; its clients look for it. */
    private static final Pattern MISSING =
            Pattern.compile("(Failed to open input stream for file|Location does not exist): [^\\s]+");

    private final Clock clock;
    private final AtomicLong count = new AtomicLong();

    RestFailures(Clock clock) {
        this.clock = clock;
    }

    RestAnswer of(RuntimeException failure, RestRequest request) {
        int status = status(failure, request);
        if (failure instanceof FirnException own && own.kind() == FirnException.Kind.USER) {
            return answer(FORBIDDEN, ForbiddenException.class.getSimpleName(), String.valueOf(own.getMessage()));
        }
        String type = failure.getClass().getSimpleName();
        if (isTold(failure, request)) {
            return answer(status, type, String.valueOf(failure.getMessage()));
        }
        String id = Long.toString(clock.millis(), RADIX) + "-" + count.incrementAndGet();
        if (status == CONFLICT) {
            LOG.info("{} {} by an engine: {} (ID {})", request.method(), request.path(), failure.getMessage(), id);
        } else {
            LOG.warn("{} {} by an engine failed (ID {})", request.method(), request.path(), id, failure);
        }
        return answer(status, type, text(failure, status) + "; see Firn's log for ID " + id);
    }

    private static boolean isTold(RuntimeException failure, RestRequest request) {
        if (TOLD.stream().anyMatch(type -> type.isInstance(failure))) {
            return true;
        }
        String text = String.valueOf(failure.getMessage());
        if (failure instanceof CommitFailedException) {
            return text.startsWith("Requirement failed");
        }
        if (failure instanceof NotFoundException) {
            return READS.contains(request.method()) && MISSING.matcher(text).matches();
        }
        // A request that only reads has nothing in it that could be invalid in this way; what is stored has.
        return !READS.contains(request.method())
                && (failure instanceof ValidationException || failure instanceof IllegalArgumentException);
    }

    private static String text(RuntimeException failure, int status) {
        if (failure instanceof StoredMetadataException) {
            return String.valueOf(failure.getMessage());
        }
        return switch (status) {
            case BAD_REQUEST -> "the request or the stored metadata is not valid";
            case UNAUTHORIZED, FORBIDDEN -> "the catalog or its store refuses access";
            case NOT_FOUND -> "a file of the metadata is missing in the store";
            case CONFLICT -> "the commit did not take effect: another one was first";
            default -> "the catalog or its store failed";
        };
    }

    static boolean isRead(RestRequest request) {
        return READS.contains(request.method());
    }

    static RestAnswer answer(int status, String type, String message) {
        return new RestAnswer(
                status,
                ErrorResponseParser.toJson(ErrorResponse.builder()
                        .responseCode(status)
                        .withType(type)
                        .withMessage(message)
                        .build()));
    }

    private static int status(RuntimeException failure, RestRequest request) {
        if (failure instanceof StoredMetadataException stored) {
            return stored.status();
        }
        // A file is missing in the store. A commit may have taken effect nevertheless, so its outcome stays unknown.
        if (failure instanceof NotFoundException && isRead(request)) {
            return NOT_FOUND;
        }
        return STATUSES.stream()
                .filter(known -> known.getKey().isInstance(failure))
                .mapToInt(Map.Entry::getValue)
                .findFirst()
                .orElse(INTERNAL);
    }
}
