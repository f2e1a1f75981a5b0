import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.stream.IntStream;

/** A job of the evaluation, in Java with a native library: a database in memory; with "more", one on disk, threads and a program. */
public class Database {
  public static void main(String[] words) throws Exception {
    boolean more = words.length > 0;
    Path file = Path.of("/tmp/database");
    try (Connection connection = DriverManager.getConnection(more ? "jdbc:sqlite:" + file : "jdbc:sqlite::memory:");
        Statement statement = connection.createStatement()) {
      statement.execute("create table t (n integer)");
      for (int n = 0; n < 100; n++) statement.execute("insert into t values (" + n + ")");
      ResultSet sum = statement.executeQuery("select sum(n) from t");
      System.out.println(sum.getInt(1));
      if (more) statement.execute("vacuum");
    }
    if (!more) return;
    System.out.println(IntStream.range(0, 1000).parallel().map(n -> n * 2).sum());
    Files.move(file, Path.of("/tmp/moved"));
    System.out.println(Files.size(Path.of("/tmp/moved")) > 0);
    Process program = new ProcessBuilder("sh", "-c", "echo from a program").start();
    System.out.print(new String(program.getInputStream().readAllBytes()));
    System.out.println(program.waitFor());
    Files.delete(Path.of("/tmp/moved"));
    System.gc();
  }
}
