"""The command reference is made from the source and is never stale."""

from tools.catalogue import declarations, examples, gendocs


def test_the_reference_is_up_to_date():
    assert gendocs.main(["--check"]) == 0, "docs/commands.md is stale: run `make docs`"


def test_a_stale_reference_is_noticed_and_written_anew(tmp_path, capsys):
    path = tmp_path / "commands.md"
    assert gendocs.main(["--check", "--output", str(path)]) == 1
    assert "make docs" in capsys.readouterr().err
    assert gendocs.main(["--output", str(path)]) == 0
    assert gendocs.main(["--check", "--output", str(path)]) == 0


def test_every_command_has_a_section():
    text = gendocs.render()
    for command in declarations.all_commands():
        assert f"\n### AT{command.name}\n" in text


def test_every_command_has_an_example():
    transcripts = examples.scripts()
    commands = [each for each in declarations.all_commands() if not each.old]
    assert [each.name for each in commands if not examples.example(each, transcripts)] == []


def test_the_example_of_all_commands_is_cut_short():
    section = gendocs.render().partition("### AT+CMD\n")[2].partition("###")[0]
    lines = section.partition("```\n")[2].splitlines()
    assert lines[1] == '< +CMD:0,"AT",0,0,0,1'
    assert lines[-5:-3] == ["< ...", f"< {examples.listing(declarations.all_commands())[-1]}"]


def test_a_set_form_shows_its_parameters_and_whether_they_are_kept():
    section = gendocs.render().partition("### AT+UART_DEF\n")[2].partition("###")[0]
    assert "`AT+UART_DEF=<baudrate>,<databits>,<stopbits>,<parity>,<flow_control>`" in section
    assert "| `parity` | `0` none; `1` odd; `2` even |  |" in section
    assert "Kept in flash: always." in section
