import com.sun.management.OperatingSystemMXBean;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.Term;
import org.apache.lucene.monitor.Monitor;
import org.apache.lucene.monitor.MonitorQuery;
import org.apache.lucene.monitor.MultipassTermFilteredPresearcher;
import org.apache.lucene.monitor.QueryMatch;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;

/**
 * Lucene's Monitor on the rules and documents of bench_rules: FOLDER WARM_UP_S. Reads documents.tsv and rules.tsv, writes
 * matches.tsv, prints one line of JSON. It gets its best presearcher, real word frequencies, and numbers as terms.
 */
public class LuceneMonitor {
  static final ThreadMXBean THREAD = ManagementFactory.getThreadMXBean();
  static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  static Query atom(String atom) {
    if (atom.charAt(0) == '@' || atom.charAt(0) == '#') return new TermQuery(new Term("field", atom));
    if (!atom.contains(" ")) return new TermQuery(new Term("text", atom));
    return new PhraseQuery("text", atom.split(" "));
  }

  static Query query(String clauses, String never) {
    BooleanQuery.Builder all = new BooleanQuery.Builder();
    for (String clause : clauses.split(";")) {
      String[] atoms = clause.split("\\|");
      if (atoms.length == 1) {
        all.add(atom(atoms[0]), BooleanClause.Occur.MUST);
        continue;
      }
      BooleanQuery.Builder any = new BooleanQuery.Builder();
      for (String a : atoms) any.add(atom(a), BooleanClause.Occur.SHOULD);
      all.add(any.build(), BooleanClause.Occur.MUST);
    }
    if (!never.isEmpty()) for (String a : never.split("\\|")) all.add(atom(a), BooleanClause.Occur.MUST_NOT);
    return all.build();
  }

  static Document document(String[] row) {
    Document document = new Document();
    document.add(new TextField("text", row[0], Field.Store.NO));
    for (int i = 1; i < row.length; i++) document.add(new StringField("field", row[i], Field.Store.NO));
    return document;
  }

  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    List<String[]> rows = new ArrayList<>();
    Map<String, Integer> frequency = new HashMap<>();
    for (String line : Files.readAllLines(folder.resolve("documents.tsv"))) {
      String[] row = line.split("\t");
      rows.add(row);
      Set<String> terms = new HashSet<>(Arrays.asList(row[0].split(" ")));
      terms.addAll(Arrays.asList(row).subList(1, row.length));
      for (String term : terms) frequency.merge(term, 1, Integer::sum);
    }
    Monitor monitor =
        new Monitor(
            new WhitespaceAnalyzer(),
            new MultipassTermFilteredPresearcher(
                2, 0f, term -> 1.0 / (1 + frequency.getOrDefault(term.text(), 0)), List.of(), Set.of()));
    long start = PROCESS.getProcessCpuTime();
    List<MonitorQuery> queries = new ArrayList<>();
    for (String line : Files.readAllLines(folder.resolve("rules.tsv"))) {
      String[] row = line.split("\t", -1);
      queries.add(new MonitorQuery(row[0], query(row[1], row[2])));
    }
    monitor.register(queries);
    queries = null;
    double loadS = (PROCESS.getProcessCpuTime() - start) / 1e9;

    double warmUpS = Double.parseDouble(args[1]);
    long until = System.nanoTime() + (long) (warmUpS * 1e9);
    for (int i = 0; System.nanoTime() < until; i++)
      monitor.match(document(rows.get(i % rows.size())), QueryMatch.SIMPLE_MATCHER);
    long[] best = null;
    double bestS = Double.MAX_VALUE;
    for (int repeat = 0; repeat < 3; repeat++) {
      long[] times = new long[rows.size()];
      start = PROCESS.getProcessCpuTime();
      for (int i = 0; i < times.length; i++) {
        long before = THREAD.getCurrentThreadCpuTime();
        monitor.match(document(rows.get(i)), QueryMatch.SIMPLE_MATCHER);
        times[i] = THREAD.getCurrentThreadCpuTime() - before;
      }
      double seconds = (PROCESS.getProcessCpuTime() - start) / 1e9;
      if (seconds < bestS) {
        bestS = seconds;
        best = times;
      }
    }
    Arrays.sort(best);
    try (PrintWriter out = new PrintWriter(folder.resolve("matches.tsv").toFile())) {
      for (String[] row : rows) {
        Set<String> ids = new TreeSet<>();
        for (QueryMatch match : monitor.match(document(row), QueryMatch.SIMPLE_MATCHER).getMatches())
          ids.add(match.getQueryId());
        out.println(String.join("\t", ids));
      }
    }
    System.out.printf(
        java.util.Locale.ROOT,
        "{\"load_s\": %.2f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"total_s\": %.4f}%n",
        loadS, best[best.length / 2] / 1e3, best[best.length * 99 / 100] / 1e3, bestS);
    monitor.close();
  }
}
