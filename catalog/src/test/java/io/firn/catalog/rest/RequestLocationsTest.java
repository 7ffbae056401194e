package io.firn.catalog.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.firn.catalog.FirnException;
import io.firn.catalog.location.LocationPolicy;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.iceberg.MetadataUpdate;
import org.junit.jupiter.api.Test;

class RequestLocationsTest {
    private static final Set<Class<?>> WITH_LOCATION = Set.of(
            MetadataUpdate.AddSnapshot.class,
            MetadataUpdate.SetLocation.class,
            MetadataUpdate.SetPartitionStatistics.class,
            MetadataUpdate.SetProperties.class,
            MetadataUpdate.SetStatistics.class);

    @Test
    void noRequestSetsAPropertyThatNamesAClass() {
        RequestLocations locations = new RequestLocations(LocationPolicy.of(Optional.of("s3://lake/w"), List.of()));
        Map<String, String> planted = Map.of("write.location-provider.impl", "com.example.Planted");
        assertThatThrownBy(() -> locations.properties(planted)).isInstanceOfSatisfying(FirnException.class, refusal -> {
            assertThat(refusal.code()).isEqualTo("table-class-refused");
            assertThat(refusal.where()).contains("write.location-provider.impl");
        });
        assertThatThrownBy(() -> locations.updates(List.of(new MetadataUpdate.SetProperties(planted))))
                .isInstanceOf(FirnException.class);
        locations.properties(Map.of("write.location-provider.implementation", "default", "comment", "com.example.A"));
    }

    /** Fails if a version of Iceberg brings a kind of update: does it name a location? */
    @Test
    void everyKindOfUpdateThatIcebergHasIsKnown() {
        Set<Class<?>> known = new HashSet<>(WITH_LOCATION);
        known.addAll(RequestLocations.WITHOUT_LOCATION);
        Set<Class<?>> all = Arrays.stream(MetadataUpdate.class.getDeclaredClasses())
                .filter(MetadataUpdate.class::isAssignableFrom)
                .collect(Collectors.toSet());
        assertThat(known).isEqualTo(all);
    }
}
