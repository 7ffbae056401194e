package io.firn.catalog;

import java.util.HashMap;
import java.util.Map;

/** A process that asks a store, once with each of the credentials providers named: those look at the environment. */
final class StoreProbe {
    private StoreProbe() {}

    public static void main(String[] arguments) {
        for (int i = 1; i < arguments.length; i++) {
            Map<String, String> properties = new HashMap<>(Map.of(
                    "io-impl",
                    "org.apache.iceberg.aws.s3.S3FileIO",
                    "warehouse",
                    "s3://lake/warehouse",
                    "s3.endpoint",
                    arguments[0],
                    "s3.path-style-access",
                    "true"));
            if (!arguments[i].equals("default")) {
                properties.put("client.credentials-provider", arguments[i]);
            }
            Stores.reach(properties);
        }
    }
}
