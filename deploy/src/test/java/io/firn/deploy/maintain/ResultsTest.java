package io.firn.deploy.maintain;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.firn.compaction.JobResult;
import io.firn.compaction.Work;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ResultsTest {
    @Test
    void snapshotIdsAreText() throws Exception {
        JobResult result = new JobResult(
                "rewrite",
                JobResult.End.DONE,
                Work.NONE,
                Work.NONE,
                List.of(9_007_199_254_740_993L, 7L),
                new TreeMap<>(),
                "");
        JsonNode json = new ObjectMapper().readTree(Results.json(result));
        assertThat(json.path("snapshots")).hasSize(2).allMatch(JsonNode::isTextual);
        assertThat(json.path("snapshots").path(0).asText()).isEqualTo("9007199254740993");
    }
}
