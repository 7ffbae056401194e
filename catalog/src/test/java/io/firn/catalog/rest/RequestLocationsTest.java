package io.firn.catalog.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
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
