package civicbus;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Follows an agreement with kafka-clients and Avro: first the state, then every change, as lines of JSON added to a file.
 *
 * <pre>
 * civicbus schema export exported       # the contracts, in the place of a registry; again when the agreement has a new version
 * mvn package
 * java -cp 'target/classes:target/lib/*' civicbus.Subscriber client.properties share.my-agreement exported events.jsonl [SECONDS]
 * </pre>
 *
 * client.properties: bootstrap.servers, and on a secured broker security.protocol, sasl.mechanism, sasl.jaas.config, ssl.truststore.*.
 * SECONDS: stop when nothing came for so long; default: go on.
 *
 * <p>Each line has its partition and offset, so the file is its own position: a line that was cut off by a crash is taken away, and it goes
 * on behind the last whole one. Each event stands in it once, however often this program is killed. With a database: write the rows and the
 * offset in one transaction instead.
 */
public final class Subscriber {
    private static final Pattern PLACE = Pattern.compile("\\{\"partition\": (\\d+), \"offset\": (\\d+), ");

    private final Map<Integer, Schema> schemas = new HashMap<>();
    private final RandomAccessFile file;
    private final Map<Integer, Long> next = new HashMap<>();

    private Subscriber(Path exported, Path events) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(exported, "[0-9]*.avsc")) {
            for (Path each : files) {
                int id = Integer.parseInt(each.getFileName().toString().replace(".avsc", ""));
                schemas.put(id, new Schema.Parser().parse(Files.readString(each)));
            }
        }
        file = new RandomAccessFile(events.toFile(), "rw");
        readPosition();
    }

    public static void main(String[] arguments) throws IOException {
        Properties settings = new Properties();
        try (var reader = Files.newBufferedReader(Path.of(arguments[0]))) {
            settings.load(reader);
        }
        settings.put("enable.auto.commit", "false"); // the position is kept with the work
        settings.put("auto.offset.reset", "earliest"); // also where the log has let go of what we stood at: the state is read anew
        settings.put("isolation.level", "read_committed"); // never what a step took back
        Subscriber subscriber = new Subscriber(Path.of(arguments[2]), Path.of(arguments[3]));
        Duration quiet = arguments.length > 4 ? Duration.ofSeconds(Long.parseLong(arguments[4])) : null;
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            subscriber.follow(consumer, arguments[1], quiet);
        }
    }

    private void follow(KafkaConsumer<byte[], byte[]> consumer, String topic, Duration quiet) throws IOException {
        List<TopicPartition> places = new ArrayList<>();
        consumer.partitionsFor(topic).forEach(each -> places.add(new TopicPartition(topic, each.partition())));
        consumer.assign(places);
        consumer.seekToBeginning(places);
        places.stream().filter(each -> next.containsKey(each.partition())).forEach(each -> consumer.seek(each, next.get(each.partition())));
        long heard = System.nanoTime();
        while (quiet == null || System.nanoTime() - heard < quiet.toNanos()) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofSeconds(1));
            if (records.isEmpty()) {
                continue;
            }
            heard = System.nanoTime();
            StringBuilder lines = new StringBuilder();
            for (ConsumerRecord<byte[], byte[]> record : records) {
                lines.append(line(record)).append('\n');
            }
            file.write(lines.toString().getBytes(StandardCharsets.UTF_8));
            file.getFD().sync();
        }
    }

    private String line(ConsumerRecord<byte[], byte[]> record) throws IOException {
        String place = "{\"partition\": " + record.partition() + ", \"offset\": " + record.offset() + ", ";
        if (record.value() == null) { // a tombstone: the subject was taken out altogether (erasure), without a word more
            String subject = new String(record.key(), StandardCharsets.UTF_8);
            return place + "\"subject\": \"" + subject + "\", \"act\": \"delete\", \"event\": null}";
        }
        GenericRecord event = decoded(record.value());
        // ended: no longer within the agreement, so what we hold of it has to go. created, changed, corrected: the event says all that
        // holds now. `corrects` names what we were told wrongly before: whoever acted on that has to look again.
        String act = event.get("operation").toString().equals("ended") ? "delete" : "put";
        return place + "\"subject\": \"" + event.get("subject") + "\", \"act\": \"" + act + "\", \"event\": " + event + "}";
    }

    /** Confluent wire format: a byte 0, the schema id in four bytes, the Avro body. */
    private GenericRecord decoded(byte[] value) throws IOException {
        ByteBuffer head = ByteBuffer.wrap(value);
        Schema schema = head.get() == 0 ? schemas.get(head.getInt()) : null;
        if (schema == null) {
            throw new IOException("No such schema: run `civicbus schema export` again.");
        }
        var body = DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null);
        return new GenericDatumReader<GenericRecord>(schema).read(null, body);
    }

    private void readPosition() throws IOException {
        byte[] there = new byte[(int) file.length()]; // in earnest: keep the position beside, or in a database
        file.readFully(there);
        int whole = 0;
        for (int at = 0; at < there.length; at++) {
            if (there[at] == '\n') {
                Matcher place = PLACE.matcher(new String(there, whole, at - whole, StandardCharsets.UTF_8));
                if (!place.lookingAt()) {
                    throw new IOException("This file holds something else than events of an agreement.");
                }
                next.put(Integer.valueOf(place.group(1)), Long.parseLong(place.group(2)) + 1);
                whole = at + 1;
            }
        }
        file.setLength(whole);
        file.seek(whole);
    }
}
