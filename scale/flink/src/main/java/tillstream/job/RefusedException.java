package tillstream.job;

import java.sql.SQLException;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** The database refuses what a batch writes, for what is in it: without one of its entries it would take the others. */
final class RefusedException extends Exception {
    private static final long serialVersionUID = 1;

    /** The last offset of the batch. */
    final long through;

    RefusedException(long through, SQLException cause) {
        super(messageOf(cause), cause);
        this.through = through;
    }

    /** As `isOfData` of `server/log/log-errors.ts`: more rows than one, a value, a constraint, a limit. */
    static boolean isOfData(SQLException error) {
        String state = error.getSQLState();
        return state != null && (state.startsWith("21") || state.startsWith("22") || state.startsWith("23") || state.startsWith("54"));
    }

    /** In the server's words alone, as our own stream has them. */
    private static String messageOf(SQLException error) {
        ServerErrorMessage said = error instanceof PSQLException own ? own.getServerErrorMessage() : null;
        return said == null || said.getMessage() == null ? error.getMessage() : said.getMessage();
    }
}
