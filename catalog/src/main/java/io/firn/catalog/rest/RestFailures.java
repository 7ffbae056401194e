package io.firn.catalog.rest;

import java.util.List;
import java.util.Map;
import java.util.Set;
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

/**
 * Failures as the protocol's statuses. What is not known to have failed is a 500, which clients take for an unknown
 * outcome; a 503 they would repeat as if nothing had happened.
 */
final class RestFailures {
    private static final int INTERNAL = 500;
    private static final int NOT_FOUND = 404;
    private static final Set<String> READS = Set.of("GET", "HEAD");

    /** The first that fits. */
    private static final List<Map.Entry<Class<? extends Exception>, Integer>> STATUSES = List.of(
            Map.entry(BadRequestException.class, 400),
            Map.entry(NamespaceNotEmptyException.class, 409),
            Map.entry(NotAuthorizedException.class, 401),
            Map.entry(ForbiddenException.class, 403),
            Map.entry(NoSuchNamespaceException.class, 404),
            Map.entry(NoSuchTableException.class, 404),
            Map.entry(NoSuchIcebergTableException.class, 404),
            Map.entry(NoSuchViewException.class, 404),
            Map.entry(UnsupportedOperationException.class, 406),
            Map.entry(AlreadyExistsException.class, 409),
            Map.entry(CommitFailedException.class, 409),
            Map.entry(UnprocessableEntityException.class, 422),
            Map.entry(CommitStateUnknownException.class, INTERNAL),
            Map.entry(ValidationException.class, 400),
            Map.entry(IllegalArgumentException.class, 400));

    private RestFailures() {}

    static RestAnswer of(RuntimeException failure, RestRequest request) {
        int status = status(failure, request);
        if (status >= INTERNAL) {
            // Drivers and stores put addresses and worse into their messages. The service's log has them.
            return answer(
                    status, failure.getClass().getSimpleName(), "the catalog or its store failed; see Firn's log");
        }
        return answer(status, failure.getClass().getSimpleName(), String.valueOf(failure.getMessage()));
    }

    static boolean isOwnFault(RuntimeException failure, RestRequest request) {
        return status(failure, request) >= INTERNAL;
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
