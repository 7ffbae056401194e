package io.firn.deploy.bench;

import io.firn.catalog.schema.SchemaText;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.apache.iceberg.Schema;

/**
 * What a topic's records look like. Record {@code n} follows from {@code n} alone; {@code seq} is {@code n}, so that a
 * table can be held against what was sent.
 */
enum Shape {
    /** Ten columns, 224 bytes of JSON. */
    FLAT("seq long not null, order_id string, customer_id long, product string, quantity int,"
            + " amount decimal(10,2), placed_at timestamptz, weight double, express boolean, country string") {
        @Override
        void append(StringBuilder json, long n) {
            appendOrder(json, n);
            json.append(",\"country\":\"")
                    .append(COUNTRIES[(int) (mix(n + 7) >>> 1) & 7])
                    .append("\"}");
        }
    },
    /** Structs, a list of structs and a map besides, 892 bytes of JSON. */
    NESTED("seq long not null, order_id string, customer_id long, product string, quantity int,"
            + " amount decimal(10,2), placed_at timestamptz, weight double, express boolean,"
            + " customer struct<name string, email string, address struct<street string, city string,"
            + " zip string, country string>>, lines list<struct<sku string, title string, quantity int,"
            + " price decimal(10,2)>>, attributes map<string, string>") {
        @Override
        void append(StringBuilder json, long n) {
            appendOrder(json, n);
            long r = mix(n + 11);
            json.append(",\"customer\":{\"name\":\"Customer Number ")
                    .append((r >>> 3) % 100_000)
                    .append("\",\"email\":\"customer.")
                    .append((r >>> 3) % 100_000)
                    .append("@mail.example.com\",\"address\":{\"street\":\"Long Winding Road ")
                    .append((r >>> 20) % 900)
                    .append("\",\"city\":\"Springfield ")
                    .append((r >>> 30) % 50)
                    .append("\",\"zip\":\"")
                    .append(10_000 + (r >>> 12) % 80_000)
                    .append("\",\"country\":\"")
                    .append(COUNTRIES[(int) (r >>> 1) & 7])
                    .append("\"}},\"lines\":[");
            for (int line = 0; line < LINES; line++) {
                long s = mix(n * LINES + line);
                json.append(line == 0 ? "" : ",")
                        .append("{\"sku\":\"SKU-")
                        .append(100_000 + (s >>> 4) % 800_000)
                        .append("\",\"title\":\"A thing of the kind ")
                        .append((s >>> 9) % 5_000)
                        .append("\",\"quantity\":")
                        .append(1 + (s >>> 5) % 9)
                        .append(",\"price\":\"")
                        .append((s >>> 14) % 900)
                        .append('.')
                        .append(10 + (s >>> 24) % 90)
                        .append("\"}");
            }
            json.append("],\"attributes\":{\"channel\":\"web shop of the north\",\"campaign\":\"spring-")
                    .append((r >>> 7) % 40)
                    .append("\",\"device\":\"phone, model ")
                    .append((r >>> 17) % 300)
                    .append("\",\"note\":\"leave it with the neighbour at number ")
                    .append((r >>> 27) % 200)
                    .append("\"}}");
        }
    };

    private static final int LINES = 4;
    private static final String[] COUNTRIES = {"DE", "FR", "US", "BR", "JP", "IN", "ZA", "SE"};

    private final String firnSchema;

    Shape(String firnSchema) {
        this.firnSchema = firnSchema;
    }

    /** @throws IllegalArgumentException if there is none of that name */
    static Shape named(String name) {
        return Arrays.stream(values())
                .filter(each -> each.topic().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no shape is called " + name));
    }

    /** As the configuration of a pipeline says it. */
    String firnSchema() {
        return firnSchema;
    }

    /** The same columns, for contenders that take a table as it is. */
    Schema schema() {
        return SchemaText.parse(firnSchema);
    }

    String topic() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Writes record {@code n}. */
    abstract void append(StringBuilder json, long n);

    byte[] record(StringBuilder scratch, long n) {
        scratch.setLength(0);
        append(scratch, n);
        return scratch.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void appendOrder(StringBuilder json, long n) {
        long a = mix(n + 1);
        long b = mix(n + 2);
        json.append("{\"seq\":").append(n).append(",\"order_id\":\"");
        appendHex(json, a);
        json.append('-');
        appendHex(json, b >>> 32);
        json.append("\",\"customer_id\":")
                .append(100_000 + (a >>> 8) % 900_000)
                .append(",\"product\":\"product-")
                .append(1_000 + (b >>> 8) % 4_000)
                .append("\",\"quantity\":")
                .append(1 + (a >>> 3) % 9)
                .append(",\"amount\":\"")
                .append(100 + (b >>> 20) % 4_900)
                .append('.')
                .append(10 + (a >>> 20) % 90)
                .append("\",\"placed_at\":\"2026-01-");
        appendTwo(json, 1 + (a >>> 30) % 28).append('T');
        appendTwo(json, (a >>> 35) % 24).append(':');
        appendTwo(json, (a >>> 40) % 60).append(':');
        appendTwo(json, (a >>> 46) % 60)
                .append('.')
                .append(100 + (b >>> 30) % 900)
                .append("Z\",\"weight\":")
                .append((b >>> 40) % 50)
                .append('.')
                .append(100 + (b >>> 46) % 900)
                .append(",\"express\":")
                .append((a & 1) == 0);
    }

    private static StringBuilder appendTwo(StringBuilder json, long value) {
        return json.append((char) ('0' + value / 10)).append((char) ('0' + value % 10));
    }

    private static void appendHex(StringBuilder json, long value) {
        for (int shift = 60; shift >= 0; shift -= 4) {
            json.append("0123456789abcdef".charAt((int) (value >>> shift) & 15));
        }
    }

    /** SplitMix64: one value for each n, none like its neighbours. */
    private static long mix(long n) {
        long z = n * 0x9E3779B97F4A7C15L + 0x5DEECE66DL;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
