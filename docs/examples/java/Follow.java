import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Reads the agreements into a table, then follows the alerts on security memoranda. One file, Java 17 or later:
 *
 *     java -cp 'libs/*' Follow.java
 *
 * libs holds org.apache.kafka:kafka-clients with at.yawk.lz4:lz4-java and org.slf4j:slf4j-api, and
 * com.fasterxml.jackson.core:jackson-databind with jackson-core and jackson-annotations.
 *
 * BROKER   Kafka, host:port (127.0.0.1:9092)
 * PREFIX   the installation's DRAGOMAN_TOPIC_PREFIX (none)
 * GROUP    consumer group: it remembers how far this program came (my-desk)
 * ALERTS   end after so many alerts; without it the program follows for ever
 */
public final class Follow {
    private static final String BROKER = setting("BROKER", "127.0.0.1:9092");
    private static final String PREFIX = setting("PREFIX", "");
    private static final String GROUP = setting("GROUP", "my-desk");
    private static final long ALERTS = Long.parseLong(setting("ALERTS", "0"));
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        for (var entry : readTable().entrySet()) {
            JsonNode agreement = entry.getValue();
            print("agreement", entry.getKey(), agreement.get("key").asText(), agreement.get("stage").asText());
        }
        followAlerts();
    }

    /** Reads the compacted topic from its beginning to its end: the last record of each key counts. */
    private static Map<String, JsonNode> readTable() throws Exception {
        var table = new TreeMap<String, JsonNode>();
        try (var consumer = connect(Map.of())) {
            List<TopicPartition> places = consumer.partitionsFor(PREFIX + "agreements.current.v1").stream()
                    .map(part -> new TopicPartition(part.topic(), part.partition()))
                    .toList();
            consumer.assign(places);
            consumer.seekToBeginning(places);
            Map<TopicPartition, Long> ends = consumer.endOffsets(places);
            while (places.stream().anyMatch(place -> consumer.position(place) < ends.get(place))) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(500))) {
                    if (record.value() == null) { // a tombstone: there is no such agreement any more
                        table.remove(record.key());
                    } else {
                        table.put(record.key(), JSON.readTree(record.value()));
                    }
                }
            }
        }
        return table;
    }

    /** Follows the alerts. Kafka may give a record again after a restart, so it passes by what was seen. */
    private static void followAlerts() throws Exception {
        var seen = new HashMap<String, Long>(); // keep it where you keep the alerts, if a repeat would harm
        long told = 0;
        try (var consumer = connect(Map.of("group.id", GROUP))) {
            consumer.subscribe(List.of(PREFIX + "alerts.security-mou.v1"));
            print("following");
            while (true) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(500))) {
                    JsonNode change = JSON.readTree(record.value());
                    JsonNode alert = change.get("alert");
                    long sequence = change.get("sequence").asLong();
                    if (sequence > seen.getOrDefault(alert.get("id").asText(), 0L)) {
                        seen.put(alert.get("id").asText(), sequence);
                        print("alert", alert.get("id").asText(), Long.toString(sequence), change.get("kind").asText(),
                                alert.get("summary").asText());
                        told++;
                    }
                }
                consumer.commitSync(); // only now: a crash above gives the alerts again, it never loses one
                if (ALERTS > 0 && told >= ALERTS) {
                    return;
                }
            }
        }
    }

    private static KafkaConsumer<String, byte[]> connect(Map<String, Object> more) {
        var settings = new HashMap<String, Object>(Map.of(
                "bootstrap.servers", BROKER,
                "auto.offset.reset", "earliest",
                "enable.auto.commit", false));
        settings.putAll(more);
        return new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
    }

    private static void print(String... words) {
        System.out.println(String.join("\t", words));
        System.out.flush();
    }

    private static String setting(String name, String otherwise) {
        return System.getenv().getOrDefault(name, otherwise);
    }
}
