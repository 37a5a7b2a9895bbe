"""Settings: the environment over the file over the defaults; an odd one is named, with what is accepted."""

from __future__ import annotations

import re
import stat
import traceback
from pathlib import Path

import pytest

from vfm_workflow.errors import ConfigError, Problem
from vfm_workflow.settings import FILE, OUTSIDE_ONLY, SECRETS, Settings, is_loopback, load, secret_key

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "settings.md"
KEY = "k" * 40


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A council's home with an empty settings file."""
    (tmp_path / "config").mkdir()
    (tmp_path / FILE).write_text("")
    return tmp_path


def refused(environment: dict[str, str]) -> Problem:
    """Return the one problem of a setting; it names what is accepted."""
    with pytest.raises(ConfigError) as error:
        load(environment)
    (problem,) = error.value.problems
    assert problem.remedy
    return problem


def refused_file(home: Path, text: str) -> Problem:
    (home / FILE).write_text(text)
    problem = refused({"VFM_HOME": str(home)})
    assert problem.file == str(home / FILE)
    return problem


# ------------------------------------------------------------------ what wins


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(home: Path) -> None:
    environment = {"VFM_HOME": str(home)}
    assert load(environment).settings.council_name == "Your council"
    (home / FILE).write_text('council_name = "Tollerby Marsh District Council"\nsession_hours = 8\n')
    assert load(environment).settings.council_name == "Tollerby Marsh District Council"
    loaded = load({**environment, "VFM_COUNCIL_NAME": "Another", "VFM_SESSION_HOURS": "4"})
    assert (loaded.settings.council_name, loaded.settings.session_hours) == ("Another", 4)
    assert load(environment, council_name="Said last").settings.council_name == "Said last"


def test_the_database_and_the_mail_folder_lie_under_the_data_folder(tmp_path: Path) -> None:
    loaded = load({"VFM_DATA": str(tmp_path)})
    assert loaded.database_url == f"sqlite:///{tmp_path}/vfm.sqlite3"
    assert loaded.mail_url == f"folder:{tmp_path}/mail"


def test_other_programs_variables_are_none_of_ours() -> None:
    assert load({"PATH": "/bin", "VFMX": "1", "VFM": "2"}).settings == load({}).settings


# ------------------------------------------------------------------ what is refused


def test_an_unknown_variable_is_named_with_the_nearest_there_is() -> None:
    problem = refused({"VFM_MAIL_FORM": "a@b.example"})
    assert problem.file == "VFM_MAIL_FORM"
    assert "VFM_MAIL_FROM" in problem.remedy


def test_a_variable_like_none_is_told_them_all() -> None:
    assert "VFM_BASE_URL" in refused({"VFM_XYZZY": "1"}).remedy


def test_an_unknown_setting_in_the_file_is_named_with_its_line(home: Path) -> None:
    problem = refused_file(home, '# ours\ncouncil_nam = "A"\n')
    assert (problem.line, problem.remedy) == (2, "Did you mean `council_name`?")


def test_a_table_in_the_file_is_named_with_its_line(home: Path) -> None:
    problem = refused_file(home, 'council_name = "A"\n\n[mail]\nfrom = "a@b.example"\n')
    assert (problem.line, "`mail` does not exist" in problem.what) == (3, True)


@pytest.mark.parametrize("name", OUTSIDE_ONLY)
def test_where_the_home_is_cannot_stand_in_a_file_of_the_home(home: Path, name: str) -> None:
    problem = refused_file(home, f'{name} = "elsewhere"\n')
    assert f"VFM_{name.upper()}" in problem.remedy


def test_bad_toml_is_refused_with_its_line(home: Path) -> None:
    problem = refused_file(home, 'council_name = "A"\nbrand_colour #6f1a52\n')
    assert (problem.line, "not valid TOML" in problem.what) == (2, True)


def test_a_setting_said_twice_in_the_file_is_refused(home: Path) -> None:
    assert "not valid TOML" in refused_file(home, 'council_name = "A"\ncouncil_name = "B"\n').what


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("base_url", "vfm.wrenfold.example", "write an address such as https://"),
        ("base_url", "ftp://vfm.wrenfold.example", "write an address"),
        ("base_url", "http://vfm.wrenfold.example", "use https:// anywhere but on this machine"),
        ("base_url", "http://127.wrenfold.example", "use https:// anywhere but on this machine"),
        ("base_url", "https://vfm.wrenfold.example/?next=1", "write an address"),
        ("base_url", "https://[::1", "cannot be used"),
        ("brand_colour", "purple", "as #rrggbb"),
        ("brand_colour", "#12345g", "as #rrggbb"),
        ("mail_from", "vfm", "one email address"),
        ("mail_from", "vfm@wrenfold.example, b@c.example", "one email address"),
        ("mail_from", "a@b@wrenfold.example", "one email address"),
        ("mail_from", "vfm@localhost", "one email address"),
        ("mail_from", "", "one email address"),
        ("mail_reply_to", "vfm", "one email address"),
        ("council_name", " ", "write it on one line"),
        ("mail_from_name", "", "write it on one line"),
        ("sign_in", "password", "use one of: link, oidc"),
        ("oidc_issuer", "sign-in.council.example", "write an address"),
        ("oidc_issuer", "http://sign-in.council.example", "use https://"),
        ("oidc_issuer", "https://entra.example/common/v2.0", "name the council's own tenant"),
        ("oidc_issuer", "https://entra.example/organizations/v2.0", "name the council's own tenant"),
        ("step_up_minutes", "0", "greater than or equal to 1"),
        ("session_hours", "soon", "cannot be used"),
        ("session_hours", "0", "greater than or equal to 1"),
        ("session_idle_minutes", "2000", "less than or equal to 1440"),
    ],
)
def test_a_bad_value_is_named_with_what_is_accepted(home: Path, name: str, value: str, said: str) -> None:
    problem = refused({f"VFM_{name.upper()}": value})
    assert problem.file == f"VFM_{name.upper()}"
    assert said in problem.what
    assert problem.remedy.startswith("Accepted: ")
    assert said in refused_file(home, f'{name} = "{value}"\n').what


@pytest.mark.parametrize(
    "url", ["http://localhost:8000/", "http://127.0.0.1", "http://[::1]:9", "https://vfm.council.uk"]
)
def test_an_address_on_this_machine_or_a_secure_one_is_taken(url: str) -> None:
    assert load({"VFM_BASE_URL": url}).settings.base_url == url.rstrip("/")


def test_only_this_machine_is_loopback() -> None:
    assert all(is_loopback(host) for host in ("localhost", "127.0.0.1", "127.8.8.8", "::1"))
    assert not any(is_loopback(host) for host in ("127.evil.example", "10.0.0.1", "localhost.example", ""))


# ------------------------------------------------------------------ the key


def test_a_short_key_is_refused_and_never_shown() -> None:
    problem = refused({"VFM_SECRET_KEY": "hunter2"})
    assert "at least 32 random characters" in problem.what
    assert "hunter2" not in str(problem)


def test_the_key_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    assert load({"VFM_SECRET_KEY_FILE": str(file)}).settings.secret_key == KEY
    other = "o" * 40
    both = {"VFM_SECRET_KEY_FILE": str(file), "VFM_SECRET_KEY": other}
    assert load(both).settings.secret_key == other


def test_a_key_file_that_is_missing_binary_or_too_short_is_named(tmp_path: Path) -> None:
    file = tmp_path / "key"
    environment = {"VFM_SECRET_KEY_FILE": str(file)}
    assert refused(environment).file == "VFM_SECRET_KEY_FILE"
    file.write_bytes(b"\xff\xfe" * 20)
    assert refused(environment).file == "VFM_SECRET_KEY_FILE"
    file.write_text("short")
    problem = refused(environment)
    assert problem.file == "VFM_SECRET_KEY_FILE"
    assert "short" not in problem.what.replace("at least", "")


def test_without_a_key_one_is_made_at_the_first_start_for_the_owner_alone(tmp_path: Path) -> None:
    loaded = load({"VFM_DATA": str(tmp_path / "new")})
    key = secret_key(loaded)
    assert len(key) >= 32
    assert secret_key(loaded) == key
    assert stat.S_IMODE((tmp_path / "new" / "secret.key").stat().st_mode) == 0o600


# ------------------------------------------------------------------ secrets

SECRET_VALUES = {
    "secret_key": "canary" * 10,
    "database_url": "postgresql+psycopg://vfm:canary@db.example/vfm",
    "mail_url": "smtps://vfm:canary@relay.example",
    "oidc_client_secret": "canary-of-the-client",
}


def test_every_secret_has_a_file_of_its_own() -> None:
    assert set(SECRET_VALUES) == set(SECRETS)
    assert {f"{name}_file" for name in SECRETS} == set(OUTSIDE_ONLY) - {"home"}
    assert {*OUTSIDE_ONLY, *SECRETS} <= set(Settings.model_fields)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_stand_in_a_file_and_the_variable_wins(tmp_path: Path, name: str) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET_VALUES[name] + "\n")
    variable = f"VFM_{name.upper()}"
    assert getattr(load({f"{variable}_FILE": str(file)}).settings, name) == SECRET_VALUES[name]
    other = "o" * 40
    both = {f"{variable}_FILE": str(file), variable: other}
    assert getattr(load(both).settings, name) == other


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_file_that_is_missing_empty_or_binary_is_named(tmp_path: Path, name: str) -> None:
    file = tmp_path / "secret"
    environment = {f"VFM_{name.upper()}_FILE": str(file)}
    assert refused(environment).file == f"VFM_{name.upper()}_FILE"
    file.write_text(" \n")
    assert "is empty" in refused(environment).what
    file.write_bytes(b"canary\xff")
    problem = refused(environment)
    assert "is not text" in problem.what
    assert "canary" not in str(problem)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_in_the_settings_file_is_refused_by_name_and_not_shown(home: Path, name: str) -> None:
    problem = refused_file(home, f'council_name = "A"\n{name} = "{SECRET_VALUES[name]}"\n')
    assert (problem.line, f"`{name}`" in problem.what) == (2, True)
    assert f"VFM_{name.upper()}_FILE" in problem.remedy
    assert "canary" not in str(problem)


def test_an_address_without_a_password_may_stand_in_the_settings_file(home: Path) -> None:
    text = 'database_url = "postgresql+psycopg://vfm@db.example/vfm"\nmail_url = "smtp://relay.example"\n'
    (home / FILE).write_text(text)
    assert load({"VFM_HOME": str(home)}).mail_url == "smtp://relay.example"


def test_the_settings_written_out_show_no_secret() -> None:
    loaded = load({f"VFM_{name.upper()}": value for name, value in SECRET_VALUES.items()})
    for shown in (repr(loaded), str(loaded.settings), f"{loaded.settings!r}"):
        assert "canary" not in shown
        assert "council_name=" in shown


def test_a_setting_that_is_refused_shows_no_secret_in_its_whole_traceback() -> None:
    values = {f"VFM_{name.upper()}": value for name, value in SECRET_VALUES.items()}
    values |= {"VFM_SECRET_KEY": values["VFM_SECRET_KEY"][:6], "VFM_SESSION_HOURS": "soon"}
    with pytest.raises(ConfigError) as error:
        load(values)
    assert "canary" not in "".join(traceback.format_exception(error.value))


# ------------------------------------------------------------------ the council's own accounts

ACCOUNTS = {
    "VFM_SIGN_IN": "oidc",
    "VFM_OIDC_ISSUER": "https://entra.example/0f3b/v2.0",
    "VFM_OIDC_CLIENT_ID": "vfm",
    "VFM_OIDC_CLIENT_SECRET": "s",
}


def test_signing_in_with_accounts_takes_an_issuer_a_name_and_a_secret() -> None:
    assert load(ACCOUNTS).settings.oidc_issuer == "https://entra.example/0f3b/v2.0"


@pytest.mark.parametrize("name", ["VFM_OIDC_ISSUER", "VFM_OIDC_CLIENT_ID", "VFM_OIDC_CLIENT_SECRET"])
def test_signing_in_with_accounts_names_what_is_missing(name: str) -> None:
    problem = refused({key: value for key, value in ACCOUNTS.items() if key != name})
    assert problem.file == name
    assert "`sign_in` is `oidc`" in problem.what


# ------------------------------------------------------------------ twins


def test_the_document_and_the_program_have_the_same_settings() -> None:
    rows = [
        row.split("|") for row in DOCUMENT.read_text(encoding="utf-8").splitlines() if row.startswith("| `")
    ]
    documented = {row[1].strip(" `"): row[2].strip(" `") for row in rows}
    assert documented == {name: f"VFM_{name.upper()}" for name in Settings.model_fields}


def test_the_document_gives_the_defaults_the_program_has() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        row = next(row for row in text.splitlines() if row.startswith(f"| `{name}` |"))
        if field.default not in ("", None):
            assert f"`{field.default}`" in row.split("|")[3], name


def test_every_setting_says_what_it_accepts() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert re.match(r".{10,}", field.description)


def test_the_file_that_ships_sets_only_what_a_council_would() -> None:
    assert set(load({}).folders.read(FILE)[0].split()) & {"secret_key", "database_url"} == set()
