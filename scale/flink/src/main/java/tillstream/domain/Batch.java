package tillstream.domain;

import java.util.List;

/**
 * What the entries since the last drain mean, computed and not yet written: `BatchResult` of `server/stream/fold`. Rows of
 * windows and panes add to what stands, all others replace it.
 *
 * @param watermark after the batch; null while there is none
 * @param events entries that are no ticks and were digested
 * @param windows in the order of their key (store, window, channel, currency)
 * @param kept states of operators touched, as they stand
 * @param failures what rules could not judge, as sentences
 */
public record Batch(
        int partition,
        long previousOffset,
        long previousAppendedAt,
        Long previousWatermark,
        long throughOffset,
        long throughAppendedAt,
        Long watermark,
        List<SourceProgress> sources,
        List<String> forgottenSources,
        long events,
        long lateEvents,
        List<LateSale> lateSales,
        long sales,
        List<WindowDelta> windows,
        List<TouchedStock> stock,
        List<TouchedPurchase> purchases,
        List<EpisodeChange> episodes,
        List<TouchedKept> kept,
        List<PaneDelta> panes,
        List<SessionRow> sessions,
        List<AlertChange> alerts,
        List<SetAside> setAside,
        List<String> failures) {
    public record TouchedKept(String operator, String store, String key, KeptState state) {}
}
