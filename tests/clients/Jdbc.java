import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Does what its standard input asks for, a line each, through pgjdbc, and prints a line of JSON about each.
 *
 * <p>A line is a command and its arguments, between tabs: the first letter of an argument is its type, the rest its
 * value, in Base64.
 */
public final class Jdbc {
    private final String url;
    private final Connection connection;
    private PreparedStatement repeated;

    private Jdbc(String url) throws SQLException {
        this.url = url;
        this.connection = DriverManager.getConnection(url);
    }

    public static void main(String[] arguments) throws Exception {
        Jdbc client = new Jdbc(arguments[0]);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            List<Object> given = new ArrayList<>();
            String[] parts = line.split("\t");
            for (int i = 1; i < parts.length; i++) {
                given.add(value(parts[i]));
            }
            byte[] result = client.answer(parts[0], given).getBytes(StandardCharsets.UTF_8);
            System.out.write(result, 0, result.length);
            System.out.println();
        }
        client.connection.close();
    }

    private static Object value(String argument) {
        String text = new String(Base64.getDecoder().decode(argument.substring(1)), StandardCharsets.UTF_8);
        switch (argument.charAt(0)) {
            case 'b': return Boolean.valueOf(text);
            case 'i': return Integer.valueOf(text);
            case 'f': return Double.valueOf(text);
            case 'l': return text.split(",");
            default: return text;
        }
    }

    private String answer(String command, List<Object> given) throws Exception {
        try {
            switch (command) {
                case "run": return run(given);
                case "repeat": return repeat(given);
                case "fetch": return fetch(given);
                case "cancel": return cancelled(given);
                case "timeout": return timedOut(given);
                case "view": return columnsOf((String) given.get(0));
                default: throw new IllegalArgumentException(command);
            }
        } catch (SQLException error) {
            return "{\"sqlstate\":" + json(error.getSQLState()) + ",\"message\":" + json(error.getMessage()) + "}";
        }
    }

    /** Runs a query with values. */
    private String run(List<Object> given) throws SQLException {
        try (PreparedStatement statement = prepared(given)) {
            return result(statement.executeQuery());
        }
    }

    /** Runs a statement some times that stays prepared for the next such command. */
    private String repeat(List<Object> given) throws SQLException {
        if (repeated == null) {
            repeated = prepared(given.subList(1, given.size()));
        }
        List<String> found = new ArrayList<>();
        for (int i = 0; i < (Integer) given.get(0); i++) {
            try (ResultSet rows = repeated.executeQuery()) {
                rows.next();
                found.add(Double.toString(rows.getDouble(1)));
            }
        }
        return "[" + String.join(",", found) + "]";
    }

    /** Reads a query through a cursor, and counts open cursors while it is being read. */
    private String fetch(List<Object> given) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement(); Statement other = connection.createStatement()) {
            statement.setFetchSize((Integer) given.get(0));
            ResultSet rows = statement.executeQuery((String) given.get(1));
            StringBuilder found = new StringBuilder("{\"rows\":[");
            String open = null;
            while (rows.next()) {
                found.append(open == null ? "[" : ",[").append(rows.getInt(1)).append(',');
                found.append(rows.getBoolean(2)).append(']');
                if (open == null) {
                    ResultSet cursors = other.executeQuery((String) given.get(2));
                    cursors.next();
                    open = cursors.getString(1);
                }
            }
            return found.append("],\"cursors\":").append(open).append('}').toString();
        } finally {
            connection.commit();
            connection.setAutoCommit(true);
        }
    }

    /** Cancels a query as soon as another connection sees it at work. */
    private String cancelled(List<Object> given) throws Exception {
        int pid;
        try (Statement statement = connection.createStatement()) {
            ResultSet row = statement.executeQuery("SELECT pg_backend_pid()");
            row.next();
            pid = row.getInt(1);
        }
        try (Statement statement = connection.createStatement()) {
            boolean[] over = {false};
            Thread canceller = new Thread(() -> cancelWhenAtWork(statement, pid, over));
            canceller.start();
            try {
                return result(statement.executeQuery((String) given.get(0)));
            } finally {
                over[0] = true;
                canceller.join();
            }
        }
    }

    private void cancelWhenAtWork(Statement statement, int pid, boolean[] over) {
        String query = "SELECT FROM pg_stat_activity WHERE pid = ? AND state = 'active' AND query LIKE '%generate_series%'";
        try (Connection watcher = DriverManager.getConnection(url); PreparedStatement active = watcher.prepareStatement(query)) {
            active.setInt(1, pid);
            while (!over[0]) {
                if (active.executeQuery().next()) {
                    statement.cancel();
                    return;
                }
                Thread.sleep(20);
            }
        } catch (SQLException | InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }

    private String timedOut(List<Object> given) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            return result(statement.executeQuery((String) given.get(0)));
        }
    }

    private String columnsOf(String relation) throws SQLException {
        List<String> found = new ArrayList<>();
        try (ResultSet columns = connection.getMetaData().getColumns(null, null, relation, null)) {
            while (columns.next()) {
                found.add(json(columns.getString("COLUMN_NAME")) + ":" + json(columns.getString("TYPE_NAME")));
            }
        }
        return "{" + String.join(",", found) + "}";
    }

    private PreparedStatement prepared(List<Object> given) throws SQLException {
        PreparedStatement statement = connection.prepareStatement((String) given.get(0));
        for (int i = 1; i < given.size(); i++) {
            Object value = given.get(i);
            if (value instanceof Boolean) {
                statement.setBoolean(i, (Boolean) value);
            } else if (value instanceof Integer) {
                statement.setInt(i, (Integer) value);
            } else if (value instanceof Double) {
                statement.setDouble(i, (Double) value);
            } else if (value instanceof String[]) {
                statement.setArray(i, connection.createArrayOf("text", (String[]) value));
            } else {
                statement.setString(i, (String) value);
            }
        }
        return statement;
    }

    private static String result(ResultSet rows) throws SQLException {
        ResultSetMetaData columns = rows.getMetaData();
        List<String> types = new ArrayList<>();
        for (int i = 1; i <= columns.getColumnCount(); i++) {
            types.add(json(columns.getColumnLabel(i)) + ":" + json(columns.getColumnTypeName(i)));
        }
        List<String> found = new ArrayList<>();
        while (rows.next()) {
            List<String> row = new ArrayList<>();
            for (int i = 1; i <= columns.getColumnCount(); i++) {
                row.add(json(rows.getObject(i)));
            }
            found.add("[" + String.join(",", row) + "]");
        }
        return "{\"columns\":{" + String.join(",", types) + "},\"rows\":[" + String.join(",", found) + "]}";
    }

    private static String json(Object value) {
        if (value == null || value instanceof Boolean || value instanceof Number) {
            return String.valueOf(value);
        }
        String text = value instanceof Timestamp ? ((Timestamp) value).toLocalDateTime().toString() : value.toString();
        return text.chars().mapToObj(Jdbc::escaped).collect(Collectors.joining("", "\"", "\""));
    }

    private static String escaped(int character) {
        return character < ' ' || character == '"' || character == '\\'
            ? String.format("\\u%04x", character)
            : String.valueOf((char) character);
    }
}
