package io.firn.catalog.rest;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import org.apache.iceberg.exceptions.BadRequestException;
import org.apache.iceberg.rest.RESTRequest;
import org.apache.iceberg.rest.RESTResponse;
import org.apache.iceberg.rest.RESTSerializers;

/** Iceberg's own requests and responses as JSON, written and read as Iceberg's client does. */
final class RestJson {
    private final ObjectMapper mapper = new ObjectMapper();

    RestJson() {
        mapper.setVisibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY);
        mapper.configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);
        mapper.setPropertyNamingStrategy(new PropertyNamingStrategies.KebabCaseStrategy());
        RESTSerializers.registerAll(mapper);
    }

    /** @throws BadRequestException where the text is not such a request */
    <T extends RESTRequest> T read(String body, Class<T> type) {
        T request;
        try {
            request = mapper.readValue(body, type);
        } catch (JsonProcessingException malformed) {
            throw new BadRequestException(
                    malformed, "not a %s: %s", type.getSimpleName(), malformed.getOriginalMessage());
        }
        if (request == null) {
            throw new BadRequestException("the body must be a %s", type.getSimpleName());
        }
        request.validate();
        return request;
    }

    String write(RESTResponse response) {
        try {
            return mapper.writeValueAsString(response);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("Iceberg's responses can be written", impossible);
        }
    }
}
