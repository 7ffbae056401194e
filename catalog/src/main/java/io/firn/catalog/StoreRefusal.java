package io.firn.catalog;

import java.io.FileNotFoundException;
import java.nio.file.AccessDeniedException;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.security.AccessControlException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;

/**
 * A store that answers, and whose answer is no: wrong credentials, missing permissions, a bucket that does not exist.
 * No retry mends it. A store that is away, overloaded or out of order is another matter.
 */
public final class StoreRefusal {
    private static final int MOVED = 301;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;

    /** Answers with another status that mean the same. */
    private static final Set<String> REFUSALS = Set.of("AccessDenied", "AccessDeniedException", "InvalidAccessKeyId");

    private StoreRefusal() {}

    /**
     * The failure as a person should read it, where it is a refusal.
     *
     * @param where what was to be read or written, with its location
     */
    public static Optional<FirnException> in(Throwable failure, String where) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            FirnException refusal = each instanceof AwsServiceException
                    ? ofAws((AwsServiceException) each, where)
                    : isWithoutRegion(each) ? withoutRegion(each, where) : ofFiles(each, where);
            if (refusal != null) {
                return Optional.of(refusal);
            }
        }
        return Optional.empty();
    }

    private static @Nullable FirnException ofAws(AwsServiceException failure, String where) {
        AwsErrorDetails details = failure.awsErrorDetails();
        String code = details == null || details.errorCode() == null ? "" : details.errorCode();
        String service = details == null || details.serviceName() == null ? "the store" : details.serviceName();
        int status = failure.statusCode();
        if (failure.isThrottlingException()) {
            return null;
        }
        if (status == UNAUTHORIZED || status == FORBIDDEN || REFUSALS.contains(code)) {
            return refused(service + " refuses access: " + text(failure, code, status), where, failure);
        }
        if (code.equals("NoSuchBucket")) {
            return new FirnException(
                    "store-bucket-missing",
                    FirnException.Kind.USER,
                    "the bucket does not exist: " + text(failure, code, status),
                    where,
                    "create the bucket, or correct the catalog's warehouse",
                    failure);
        }
        if (status == MOVED || code.equals("AuthorizationHeaderMalformed")) {
            return new FirnException(
                    "store-region",
                    FirnException.Kind.USER,
                    "the bucket is in another region: " + text(failure, code, status),
                    where,
                    "set the catalog's client.region (and s3.endpoint) to the bucket's",
                    failure);
        }
        return null;
    }

    /** The client looks in several places for a region; its message lists them all and not Iceberg's property. */
    private static boolean isWithoutRegion(Throwable failure) {
        return failure instanceof SdkClientException
                && String.valueOf(failure.getMessage()).startsWith("Unable to load region");
    }

    private static FirnException withoutRegion(Throwable failure, String where) {
        return new FirnException(
                "store-region",
                FirnException.Kind.USER,
                "no region is configured for S3",
                where,
                "set the catalog's client.region, for example us-east-1 (any, for a store that has none), or AWS_REGION",
                failure);
    }

    private static @Nullable FirnException ofFiles(Throwable failure, String where) {
        String message = String.valueOf(failure.getMessage());
        boolean denied = failure instanceof AccessDeniedException
                || failure instanceof AccessControlException
                || (failure instanceof FileNotFoundException && message.endsWith("(Permission denied)"));
        return denied ? refused("access is denied: " + message, where, failure) : null;
    }

    private static FirnException refused(String what, String where, Throwable failure) {
        return new FirnException(
                "store-access-refused",
                FirnException.Kind.USER,
                what,
                where,
                "check the store's credentials, and that they may read, write and delete there; what was not "
                        + "committed is consumed again at the next start",
                failure);
    }

    /** S3 says why in a sentence that the exception's own message buries; a HEAD request has no such sentence. */
    private static String text(AwsServiceException failure, String code, int status) {
        AwsErrorDetails details = failure.awsErrorDetails();
        String sentence = details == null || details.errorMessage() == null ? "" : details.errorMessage() + ", ";
        return sentence + (code.isEmpty() ? "" : code + ", ") + "status " + status;
    }
}
