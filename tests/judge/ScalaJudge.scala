import java.nio.charset.StandardCharsets.UTF_8
import java.util.Base64
import scala.tools.nsc.{Global, Settings}
import scala.tools.nsc.reporters.StoreReporter

/** What the Scala REPL makes of a text, for judge_scala.py: a text a line in (base64), a line out: `success`, `incomplete`
 *  or `error`, and, after tabs, each of its trees (base64). The parse is the one of `IMain.parse` in 2.12 and 2.13. */
object ScalaJudge {
  private val settings = new Settings(message => throw new IllegalArgumentException(message))
  settings.usejavacp.value = true
  private val reporter = new StoreReporter
  private val global = new Global(settings, reporter)
  private val run = new global.Run

  // Names that the parser makes up count on from one text to the next, and imports tell where they stand.
  private val madeUp = "(\\w*\\$)\\d+|(ImportSelector\\([^,]*,) -?\\d+(, [^,]*,) -?\\d+".r

  private def placeless(tree: String): String =
    madeUp.replaceAllIn(tree, found => java.util.regex.Matcher.quoteReplacement(found.subgroups.filter(_ != null).mkString))

  private def answer(text: String): String = {
    var incomplete = false
    reporter.reset()
    val trees = run.parsing.withIncompleteHandler((_, _) => incomplete = true) {
      global.newUnitParser(text, "<console>").parseStats()
    }
    val status = if (reporter.hasErrors) "error" else if (incomplete) "incomplete" else "success"
    val shown = trees.filterNot(_.isEmpty).map(tree => placeless(global.showRaw(tree)))
    (status :: shown.map(tree => Base64.getEncoder.encodeToString(tree.getBytes(UTF_8)))).mkString("\t")
  }

  def main(arguments: Array[String]): Unit =
    for (line <- scala.io.Source.fromInputStream(System.in, "ascii").getLines()) {
      val answered =
        try answer(new String(Base64.getDecoder.decode(line), UTF_8))
        catch { case _: Exception => "error" }
      println(answered)
      Console.flush()
    }
}
