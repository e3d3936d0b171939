package tillstream.domain;

import java.util.Arrays;
import java.util.function.Consumer;

/** A heap of items by a number each, least on top: one in, one out or one changed costs the logarithm of its size. */
final class MinHeap<T> {
  interface Keeps<T> {
    boolean test(T item, long key);
  }

  private Object[] items = new Object[16];
  private long[] keys = new long[16];
  private int size;

  int size() {
    return size;
  }

  /** Null: it is empty. */
  @SuppressWarnings("unchecked")
  T top() {
    return size == 0 ? null : (T) items[0];
  }

  long topKey() {
    return keys[0];
  }

  void push(T item, long key) {
    if (size == items.length) {
      items = Arrays.copyOf(items, 2 * size);
      keys = Arrays.copyOf(keys, 2 * size);
    }
    int place = size++;
    while (place > 0) {
      int parent = (place - 1) >> 1;
      if (keys[parent] <= key) break;
      items[place] = items[parent];
      keys[place] = keys[parent];
      place = parent;
    }
    items[place] = item;
    keys[place] = key;
  }

  void pop() {
    size -= 1;
    if (size > 0) sink(items[size], keys[size]);
    items[size] = null;
  }

  void rekeyTop(long key) {
    sink(items[0], key);
  }

  /** Leaves out what is not to be kept, and tells it: costs its size. */
  @SuppressWarnings("unchecked")
  void retain(Keeps<T> isKept, Consumer<T> dropped) {
    Object[] all = items;
    long[] allKeys = keys;
    int count = size;
    items = new Object[Math.max(16, count)];
    keys = new long[items.length];
    size = 0;
    for (int at = 0; at < count; at += 1) {
      T item = (T) all[at];
      if (isKept.test(item, allKeys[at])) push(item, allKeys[at]);
      else dropped.accept(item);
    }
  }

  private void sink(Object item, long key) {
    int place = 0;
    for (int child = 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && keys[child + 1] < keys[child]) child += 1;
      if (keys[child] >= key) break;
      items[place] = items[child];
      keys[place] = keys[child];
      place = child;
    }
    items[place] = item;
    keys[place] = key;
  }
}
