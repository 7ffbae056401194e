package io.firn.catalog;

import java.net.URI;
import java.time.Instant;
import java.util.Optional;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.aws.s3.S3FileIO;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.ResolvingFileIO;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsRequest;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsResponse;
import software.amazon.awssdk.services.s3.model.MultipartUpload;

/**
 * Uploads in parts that nobody completed or aborted, as a killed process leaves them in S3. No listing of objects shows
 * their parts, and the store keeps and bills them until somebody aborts the upload.
 */
public final class HalfUploads {
    private HalfUploads() {}

    /** What becomes of those that are found. */
    public enum Effect {
        COUNT,
        ABORT
    }

    /**
     * Of objects below a folder.
     *
     * @param before only uploads that were begun before
     * @return how many were found; empty where the store is none of S3's kind
     */
    public static Optional<Integer> find(FileIO io, String folder, Instant before, Effect effect) {
        if (io instanceof S3FileIO) {
            return Optional.of(find((S3FileIO) io, folder, before, effect));
        }
        if (io instanceof ResolvingFileIO && isS3(folder)) {
            // What it delegates to it keeps to itself.
            try (FileIO own =
                    CatalogUtil.loadFileIO(S3FileIO.class.getName(), io.properties(), Hadoop.configuration())) {
                return Optional.of(find((S3FileIO) own, folder, before, effect));
            }
        }
        return Optional.empty();
    }

    private static boolean isS3(String folder) {
        return folder.startsWith("s3://") || folder.startsWith("s3a://") || folder.startsWith("s3n://");
    }

    private static int find(S3FileIO io, String folder, Instant before, Effect effect) {
        S3Client s3 = io.client(folder);
        URI place = URI.create(folder.replace(" ", "%20"));
        String bucket = place.getAuthority();
        ListMultipartUploadsRequest request = ListMultipartUploadsRequest.builder()
                .bucket(bucket)
                .prefix(place.getPath().substring(1).replaceFirst("/*$", "/"))
                .build();
        int found = 0;
        while (true) {
            ListMultipartUploadsResponse page = s3.listMultipartUploads(request);
            for (MultipartUpload upload : page.uploads()) {
                if (upload.initiated() == null || !upload.initiated().isBefore(before)) {
                    continue;
                }
                found++;
                if (effect == Effect.ABORT) {
                    s3.abortMultipartUpload(
                            abort -> abort.bucket(bucket).key(upload.key()).uploadId(upload.uploadId()));
                }
            }
            if (!Boolean.TRUE.equals(page.isTruncated())) {
                return found;
            }
            request = request.toBuilder()
                    .keyMarker(page.nextKeyMarker())
                    .uploadIdMarker(page.nextUploadIdMarker())
                    .build();
        }
    }
}
