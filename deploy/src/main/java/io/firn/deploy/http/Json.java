package io.firn.deploy.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.OptionalLong;

/** Writes the bodies of answers. */
final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /** Writes the fields of one object. */
    interface Body {
        void write(JsonGenerator out) throws IOException;
    }

    static String object(Body body) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = FACTORY.createGenerator(text)) {
            out.writeStartObject();
            body.write(out);
            out.writeEndObject();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return text.toString();
    }

    /** A number where there is one. */
    static void number(JsonGenerator out, String field, OptionalLong value) throws IOException {
        if (value.isPresent()) {
            out.writeNumberField(field, value.getAsLong());
        }
    }

    /** A 64-bit identifier where there is one, as text: JavaScript rounds numbers above 2^53. */
    static void identifier(JsonGenerator out, String field, OptionalLong value) throws IOException {
        if (value.isPresent()) {
            out.writeStringField(field, Long.toString(value.getAsLong()));
        }
    }
}
