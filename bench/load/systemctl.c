/*
 * systemctl, loginctl: doubles for programs that ask about installed agents. Of a unit with a file in the user's folder,
 * systemctl says that its socket listens, or that its service does not run.
 *
 *   systemctl --user show --property NAMES UNIT ...
 */
#include "shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_PATH_BYTES 4096

static void show_unit(const char *folder, const char *unit) {
  char path[MOST_PATH_BYTES];
  snprintf(path, sizeof path, "%s/.config/systemd/user/%s", folder, unit);
  bool known = access(path, F_OK) == 0;
  bool socket = strstr(unit, ".socket") != NULL;
  printf("Id=%s\nLoadState=%s\nFragmentPath=%s\nActiveState=%s\nSubState=%s\nResult=success\nMainPID=0\n"
         "ExecMainStatus=0\nExecMainCode=0\nExecMainExitTimestampMonotonic=0\n",
         unit, known ? "loaded" : "not-found", known ? path : "", known && socket ? "active" : "inactive",
         known && socket ? "listening" : "dead");
}

int systemctl_main(int count, char **arguments) {
  const char *home = getenv("HOME");
  if (home == NULL) fail("systemctl: HOME is not set");
  int units = 0;
  for (int index = 0; index < count; index += 1) {
    if (strcmp(arguments[index], "--property") == 0) index += 1;
    else if (strchr(arguments[index], '.') != NULL) {
      if (units++ > 0) printf("\n");
      show_unit(home, arguments[index]);
    }
  }
  if (units == 0) printf("Version=255\n");
  return 0;
}

int loginctl_main(void) {
  printf("yes\n");
  return 0;
}
