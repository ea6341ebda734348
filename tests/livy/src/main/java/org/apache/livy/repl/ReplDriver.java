package org.apache.livy.repl;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.channel.ChannelHandlerContext;
import org.apache.spark.SparkConf;
import scala.Tuple2;

import org.apache.livy.rsc.PingJob;
import org.apache.livy.rsc.RSCConf;
import org.apache.livy.rsc.ReplJobResults;
import org.apache.livy.rsc.driver.RSCDriver;
import org.apache.livy.rsc.driver.SparkEntries;
import org.apache.livy.rsc.driver.Statement;
import org.apache.livy.rsc.driver.StatementState;
import org.apache.livy.rsc.rpc.Rpc;

/**
 * The driver class that the genuine Livy server starts, for the tests only: Apache publishes the server and its RPC, but
 * not this class. It keeps Livy's rules of statements (one queue, one worker, states, retention, cancelling) and hands
 * the code itself to livysh's host program in its faithful mode, which leaves out what livysh adds to Livy.
 *
 * The environment names what it runs: LIVYSH_HOST_PYTHON, LIVYSH_HOST_MAIN, LIVYSH_HOST_SPARK_HOME.
 */
public class ReplDriver extends RSCDriver {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> KINDS =
      Arrays.asList("spark", "pyspark", "sparkr", "sql", "shared");
  private static final String SHARED = "shared";

  private final Map<Integer, Statement> statements;
  private final Map<Integer, Double> progress = new ConcurrentHashMap<>();
  private final AtomicInteger nextId = new AtomicInteger();
  private final ExecutorService worker = Executors.newSingleThreadExecutor(ReplDriver::daemon);
  private final ExecutorService canceller = Executors.newSingleThreadExecutor(ReplDriver::daemon);
  private final CompletableFuture<Void> started = new CompletableFuture<>();
  private final String sessionKind;
  private volatile String state = "not_started";
  private volatile Host host;

  public ReplDriver(SparkConf conf, RSCConf livyConf) throws Exception {
    super(conf, livyConf);
    sessionKind = kind(livyConf.get(RSCConf.Entry.SESSION_KIND));
    int retained = livyConf.getInt(RSCConf.Entry.RETAINED_STATEMENTS);
    statements = Collections.synchronizedMap(new LinkedHashMap<Integer, Statement>() {
      @Override
      protected boolean removeEldestEntry(Map.Entry<Integer, Statement> eldest) {
        return size() > retained;
      }
    });
  }

  /** Only daemons: one ordinary thread would keep this JVM alive after the session's end. */
  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "livysh-test");
    thread.setDaemon(true);
    return thread;
  }

  /** The host has the only Spark: the entries here are lazy, and asked by nobody but a job. */
  @Override
  protected SparkEntries initializeSparkEntries() throws Exception {
    change("starting");
    try {
      host = new Host();
      host.ready.get();
    } catch (Exception failed) {
      change("error");
      throw failed;
    }
    change("idle");
    started.complete(null);
    return new SparkEntries(conf);
  }

  /** Livy's server asks once whether the driver lives; as a job this would start a second Spark. */
  public void handle(ChannelHandlerContext ctx, JobRequest<?> request) {
    if (request.job instanceof PingJob) {
      started.thenRun(() -> broadcast(new JobResult<Void>(request.id, null, null)));
    } else {
      super.handle(ctx, request);
    }
  }

  @Override
  protected void shutdownContext() {
    if (host != null) {
      host.close();
    }
    super.shutdownContext();
  }

  @Override
  protected void onClientAuthenticated(Rpc client) {
    client.call(new ReplState(state));
  }

  @Override
  protected void addFile(String path) {
    host.add("file", path);
  }

  /** One call for both: Livy's own driver looks at the session's kind, too. */
  @Override
  protected void addJarOrPyFile(String path) {
    host.add("pyspark".equals(sessionKind) ? "pyfile" : "jar", path);
  }

  public Integer handle(ChannelHandlerContext ctx, ReplJobRequest request) {
    String kind = request.codeType == null ? sessionKind : kind(request.codeType);
    if (request.codeType == null && SHARED.equals(sessionKind)) {
      throw new IllegalArgumentException(
          "Code type should be specified if session kind is shared");
    }
    String code = request.code.replace("\r\n", "\n");
    int id = nextId.getAndIncrement();
    Statement statement = new Statement(id, code, StatementState.Waiting, null);
    statements.put(id, statement);
    // in Livy too, a statement of the kind `shared` waits for ever: its task fails
    if (!SHARED.equals(kind)) {
      worker.submit(() -> execute(statement, kind, code));
    }
    return id;
  }

  public void handle(ChannelHandlerContext ctx, CancelReplJobRequest request) {
    Statement statement = statements.get(request.id);
    if (statement == null || statement.state.get().isOneOf(
        StatementState.Available, StatementState.Cancelled, StatementState.Cancelling)) {
      return;
    }
    statement.compareAndTransit(StatementState.Waiting, StatementState.Cancelled);
    statement.compareAndTransit(StatementState.Running, StatementState.Cancelling);
    canceller.submit(() -> cancel(statement));
  }

  public String[] handle(ChannelHandlerContext ctx, ReplCompleteRequest request)
      throws Exception {
    String kind = kind(request.codeType);
    return host.complete(kind, Objects.requireNonNull(request.code), request.cursor);
  }

  public ReplJobResults handle(ChannelHandlerContext ctx, GetReplJobResults request) {
    List<Statement> found = new ArrayList<>();
    synchronized (statements) {
      for (Statement statement : statements.values()) {
        if (request.allResults
            || statement.id >= request.from && statement.id < request.from + request.size) {
          found.add(statement);
        }
      }
    }
    found.forEach(it -> it.updateProgress(progress.getOrDefault(it.id, 0.0)));
    return new ReplJobResults(found.toArray(new Statement[0]));
  }

  private static String kind(String name) {
    String canonical = "scala".equals(name) ? "spark"
        : "python".equals(name) ? "pyspark" : "r".equals(name) ? "sparkr" : name;
    if (!KINDS.contains(canonical)) {
      throw new IllegalArgumentException("Invalid kind: " + name);
    }
    return canonical;
  }

  private void change(String now) {
    state = now;
    broadcast(new ReplState(now));
  }

  private void execute(Statement statement, String kind, String code) {
    change("busy");
    if (statement.state.get() == StatementState.Waiting) {
      String died = "";
      try {
        JsonNode output = host.execute(statement, kind, code);
        statement.output = output.toString();
        died = output.path("evalue").asText();
      } catch (Exception failed) {
        failed.printStackTrace();
      }
      change(died.startsWith("Interpreter died:\n") ? "error" : last(statement));
    } else {
      change(last(statement));
    }
    statement.compareAndTransit(StatementState.Running, StatementState.Available);
    statement.compareAndTransit(StatementState.Cancelling, StatementState.Cancelled);
    statement.completed = System.currentTimeMillis();
  }

  /** The state after a statement: idle only where none was sent after it. */
  private String last(Statement statement) {
    return statement.id == nextId.get() - 1 ? "idle" : state;
  }

  /** The host stops Spark's jobs; what is no job of Spark's goes on, and is given up. */
  private void cancel(Statement statement) {
    long deadline = System.currentTimeMillis()
        + livyConf.getTimeAsMs(RSCConf.Entry.JOB_CANCEL_TIMEOUT);
    if (statement.state.get() == StatementState.Cancelling) {
      host.send(JSON.createObjectNode().put("op", "cancel").put("id", statement.id));
    }
    while (statement.state.get() == StatementState.Cancelling) {
      if (System.currentTimeMillis() >= deadline) {
        statement.compareAndTransit(StatementState.Cancelling, StatementState.Cancelled);
      }
      pause();
    }
    statement.completed = System.currentTimeMillis();
  }

  private void pause() {
    try {
      Thread.sleep(livyConf.getTimeAsMs(RSCConf.Entry.JOB_CANCEL_TRIGGER_INTERVAL));
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  /** The host program, its pipe, and whoever waits for one of its events. */
  private final class Host {
    final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final Process process;
    private final OutputStream requests;
    private final AtomicInteger sequence = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> asked = new ConcurrentHashMap<>();
    private final BlockingQueue<JsonNode> done = new LinkedBlockingQueue<>();
    private volatile Statement current;
    private volatile boolean closed;

    Host() throws IOException {
      ProcessBuilder builder = new ProcessBuilder(
          System.getenv("LIVYSH_HOST_PYTHON"), "-u", "-I", System.getenv("LIVYSH_HOST_MAIN"));
      // what spark-submit leaves for its own children would lead the host's Spark astray
      builder.environment().keySet().removeIf(name ->
          name.startsWith("SPARK_") && !name.equals("SPARK_LOCAL_IP") || name.startsWith("_SPARK"));
      builder.environment().put("SPARK_HOME", System.getenv("LIVYSH_HOST_SPARK_HOME"));
      builder.redirectError(ProcessBuilder.Redirect.INHERIT);
      process = builder.start();
      requests = process.getOutputStream();
      daemon(this::listen).start();
      send(startRequest());
    }

    private ObjectNode startRequest() throws IOException {
      ObjectNode start = JSON.createObjectNode();
      start.put("op", "start").put("kind", sessionKind).put("faithful", true).put("ui", false);
      start.put("name", conf.get("spark.app.name", "livysh-test"));
      start.put("driver_memory", conf.get("spark.driver.memory", null));
      start.put("sql_rows", livyConf.getInt(RSCConf.Entry.SQL_NUM_ROWS));
      start.put("work_dir", Files.createTempDirectory("livysh-test").toString());
      ObjectNode settings = start.putObject("conf");
      for (Tuple2<String, String> entry : conf.getAll()) {
        if (entry._1().startsWith("spark.sql.") || entry._1().startsWith("spark.test.")
            || entry._1().equals("spark.master")) {
          settings.put(entry._1(), entry._2());
        }
      }
      // R without SparkR, which is not in PyPI's Spark
      settings.put("livysh.r.plain", conf.get("spark.test.r.plain", "true"));
      start.putArray("jars");
      list(start.putArray("py_files"), conf.get("spark.submit.pyFiles", ""));
      list(start.putArray("files"), conf.get("spark.files", ""));
      list(start.putArray("archives"), conf.get("spark.archives", ""));
      return start;
    }

    private void list(ArrayNode array, String commas) {
      Arrays.stream(commas.split(",")).filter(it -> !it.isEmpty()).forEach(array::add);
    }

    void send(ObjectNode request) {
      try {
        byte[] line = (JSON.writeValueAsString(request) + "\n").getBytes(StandardCharsets.UTF_8);
        synchronized (requests) {
          requests.write(line);
          requests.flush();
        }
      } catch (IOException ended) {
        // the listener sees the end of the pipe
        ended.printStackTrace();
      }
    }

    JsonNode execute(Statement statement, String kind, String code) throws Exception {
      current = statement;
      send(JSON.createObjectNode().put("op", "execute").put("id", statement.id)
          .put("kind", kind).put("code", code));
      return done.take().path("output");
    }

    String[] complete(String kind, String code, int cursor) throws Exception {
      JsonNode answer = ask(JSON.createObjectNode().put("op", "complete").put("kind", kind)
          .put("code", code).put("cursor", cursor));
      List<String> candidates = new ArrayList<>();
      answer.path("candidates").forEach(it -> candidates.add(it.asText()));
      return candidates.toArray(new String[0]);
    }

    void add(String what, String path) {
      try {
        JsonNode error = ask(JSON.createObjectNode().put("op", "add").put("what", what)
            .put("path", path)).path("error");
        if (!error.isNull() && !error.isMissingNode()) {
          throw new IllegalStateException(error.asText());
        }
      } catch (IllegalStateException refused) {
        throw refused;
      } catch (Exception failed) {
        throw new IllegalStateException(failed);
      }
    }

    private JsonNode ask(ObjectNode request) throws Exception {
      int number = sequence.incrementAndGet();
      CompletableFuture<JsonNode> answer = new CompletableFuture<>();
      asked.put(number, answer);
      send(request.put("seq", number));
      return answer.get(60, TimeUnit.SECONDS);
    }

    private void listen() {
      try (BufferedReader events = new BufferedReader(
          new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        for (String line = events.readLine(); line != null; line = events.readLine()) {
          hear(JSON.readTree(line));
        }
      } catch (IOException ended) {
        ended.printStackTrace();
      }
      ready.completeExceptionally(new IOException("the host ended"));
      if (!closed) {
        // as when Scala code calls sys.exit: the driver is gone, the session dead
        Runtime.getRuntime().halt(1);
      }
    }

    private void hear(JsonNode event) {
      Statement statement = current;
      switch (event.path("event").asText()) {
        case "ready":
          ready.complete(null);
          break;
        case "failed":
          ready.completeExceptionally(new IOException(event.path("error").asText()));
          break;
        case "running":
          statement.started = System.currentTimeMillis();
          if (!statement.compareAndTransit(StatementState.Waiting, StatementState.Running)) {
            // cancelled in between; what began cannot be called back any more than in Livy
            send(JSON.createObjectNode().put("op", "cancel").put("id", statement.id));
          }
          break;
        case "progress":
          progress.put(event.path("id").asInt(), event.path("progress").asDouble());
          break;
        case "done":
          done.add(event);
          break;
        case "completion":
        case "added":
          asked.remove(event.path("seq").asInt()).complete(event);
          break;
        case "dead":
          System.err.println(event.path("error").asText());
          Runtime.getRuntime().halt(1);
          break;
        default:
          System.err.println("unknown event: " + event);
      }
    }

    /** The host ends with its pipe. */
    void close() {
      closed = true;
      try {
        requests.close();
      } catch (IOException gone) {
        gone.printStackTrace();
      }
      process.destroy();
    }
  }
}
