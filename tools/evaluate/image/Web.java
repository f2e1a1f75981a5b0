import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.Executors;

/** A service of the evaluation: each path of its page is one thing that such services do. */
public class Web {
  public static void main(String[] words) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 8000), 50);
    server.setExecutor(Executors.newFixedThreadPool(8));
    server.createContext("/", exchange -> {
      String answer;
      try {
        answer = answer(exchange.getRequestURI().getPath());
      } catch (Exception error) {
        answer = error.getClass().getSimpleName();
      }
      byte[] bytes = answer.getBytes();
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    });
    server.start();
  }

  private static String answer(String path) throws Exception {
    Path log = Path.of("/tmp/log");
    switch (path) {
      case "/rotate":
        Files.writeString(log, "a line\n");
        Files.move(log, Path.of("/tmp/log.1"), StandardCopyOption.ATOMIC_MOVE);
        Files.deleteIfExists(log);
        return Files.readString(Path.of("/tmp/log.1")).trim();
      case "/garbage":
        long sum = 0;
        for (int n = 0; n < 2000; n++) sum += new byte[100_000].length;
        System.gc();
        return "" + sum;
      case "/missing":
        return Files.readString(Path.of("/nothing"));
      case "/sleep":
        Thread.sleep(50);
        return "slept";
      case "/refused":
        new java.net.Socket("127.0.0.1", 9).close();
        return "connected";
      default:
        return "a page";
    }
  }
}
