package tillstream.job;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.state.MapState;
import tillstream.domain.Judge;
import tillstream.domain.PartitionState;
import tillstream.domain.PurchaseLine;
import tillstream.domain.StockState;
import tillstream.domain.operators.Kept;

/**
 * A partition's state as bytes, entry by entry. Stocks and the head, which are most of it, are written field by field behind a
 * version; the documents of operators and purchase orders as Java writes objects, whose classes pin their `serialVersionUID`.
 */
final class StateCodec {
    private static final int VERSION = 1;

    private StateCodec() {}

    interface Body {
        void write(DataOutputStream out) throws IOException;
    }

    private static byte[] bytes(Body body) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(160);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            body.write(out);
        }
        return bytes.toByteArray();
    }

    private static DataInputStream opened(byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        int version = in.readByte();
        if (version != VERSION) throw new IOException("state of version " + version + " is not read by this job, which knows " + VERSION);
        return in;
    }

    static byte[] head(PartitionState state) throws IOException {
        return bytes(out -> {
            out.writeLong(state.offset);
            out.writeLong(state.appendedAt);
            out.writeLong(state.watermark);
            out.writeInt(state.sources.size());
            for (Judge.Progress source : state.sources) {
                out.writeUTF(source.source());
                out.writeLong(source.maxEventTime());
                out.writeLong(source.lastAppendedAt());
            }
        });
    }

    static void readHead(byte[] bytes, PartitionState state) throws IOException {
        DataInputStream in = opened(bytes);
        state.offset = in.readLong();
        state.appendedAt = in.readLong();
        state.watermark = in.readLong();
        int sources = in.readInt();
        List<Judge.Progress> known = new ArrayList<>(sources);
        for (int index = 0; index < sources; index++) known.add(new Judge.Progress(in.readUTF(), in.readLong(), in.readLong()));
        state.sources = known;
    }

    /** Writes what changed to Flink's state, of which a snapshot is taken next. */
    static void keep(PartitionState state, Changed changed, MapState<String, byte[]> stocks, MapState<String, byte[]> purchases,
            MapState<String, byte[]> operators) throws Exception {
        for (Changed.StockPlace place : changed.stocks) {
            stocks.put(key(place.store(), place.sku()), stock(state.stocks.get(place.store()).get(place.sku())));
        }
        for (PurchaseLine.Key place : changed.purchases) {
            purchases.put(key(place.store(), place.purchaseOrder(), place.sku()), object(state.purchases.get(place)));
        }
        for (Changed.OperatorPlace place : changed.operators) {
            Map<Kept.Key, Kept> own = state.operators.get(place.operator());
            Kept kept = own == null ? null : own.get(new Kept.Key(place.store(), place.key()));
            String key = key(place.operator(), place.store(), place.key());
            if (kept == null || kept.hasExpired(state.watermark)) operators.remove(key);
            else operators.put(key, object(new Operator(place, kept)));
        }
        changed.clear();
    }

    /** Identifiers hold no control characters. */
    private static String key(String... parts) {
        return String.join("\u001f", parts);
    }

    private static byte[] stock(StockState state) throws IOException {
        return bytes(out -> {
            out.writeUTF(state.store);
            out.writeUTF(state.sku);
            out.writeLong(state.onHand);
            out.writeLong(state.onOrder);
            out.writeLong(state.paceAt);
            out.writeDouble(state.paceUnits);
            out.writeByte(state.anchorKind == null ? -1 : state.anchorKind.ordinal());
            for (long value : new long[] {state.anchorTime, state.anchorOffset, state.maxDeltaTime, state.reorderPoint, state.asOf,
                    state.judgedAt, state.lookAt, state.lastOffset}) out.writeLong(value);
            out.writeInt(state.deliveries.length);
            for (StockState.OpenDelivery delivery : state.deliveries) {
                out.writeUTF(delivery.purchaseOrder());
                out.writeLong(delivery.units());
                out.writeLong(delivery.placedAt());
                out.writeLong(delivery.expectedAt());
            }
            byte[] episode = state.episode == null ? new byte[0] : object(state.episode);
            out.writeInt(episode.length);
            out.write(episode);
        });
    }

    static void readStock(byte[] bytes, PartitionState kept) throws IOException, ClassNotFoundException {
        DataInputStream in = opened(bytes);
        StockState state = new StockState(in.readUTF(), in.readUTF(), 0);
        state.onHand = in.readLong();
        state.onOrder = in.readLong();
        state.paceAt = in.readLong();
        state.paceUnits = in.readDouble();
        int anchor = in.readByte();
        state.anchorKind = anchor < 0 ? null : StockState.Anchor.values()[anchor];
        state.anchorTime = in.readLong();
        state.anchorOffset = in.readLong();
        state.maxDeltaTime = in.readLong();
        state.reorderPoint = in.readLong();
        state.asOf = in.readLong();
        state.judgedAt = in.readLong();
        state.lookAt = in.readLong();
        state.lastOffset = in.readLong();
        StockState.OpenDelivery[] deliveries = new StockState.OpenDelivery[in.readInt()];
        for (int index = 0; index < deliveries.length; index++) {
            deliveries[index] = new StockState.OpenDelivery(in.readUTF(), in.readLong(), in.readLong(), in.readLong());
        }
        if (deliveries.length > 0) state.deliveries = deliveries;
        byte[] episode = in.readNBytes(in.readInt());
        if (episode.length > 0) state.episode = (tillstream.domain.Episode) read(episode);
        kept.stocks.computeIfAbsent(state.store, store -> new HashMap<>()).put(state.sku, state);
    }

    static void readPurchase(byte[] bytes, PartitionState kept) throws IOException, ClassNotFoundException {
        PurchaseLine purchase = (PurchaseLine) read(bytes);
        kept.purchases.put(purchase.key(), purchase);
    }

    private record Operator(Changed.OperatorPlace place, Kept kept) implements java.io.Serializable {}

    static void readOperator(byte[] bytes, PartitionState kept) throws IOException, ClassNotFoundException {
        Operator operator = (Operator) read(bytes);
        kept.operators
                .computeIfAbsent(operator.place.operator(), name -> new HashMap<>())
                .put(new Kept.Key(operator.place.store(), operator.place.key()), operator.kept);
    }

    private static byte[] object(Object value) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(value);
        }
        return bytes.toByteArray();
    }

    private static Object read(byte[] bytes) throws IOException, ClassNotFoundException {
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            return in.readObject();
        }
    }
}
