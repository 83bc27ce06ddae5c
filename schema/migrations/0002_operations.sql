CREATE TABLE `audit` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`event_id` text,
	`subject` text,
	`details` text DEFAULT '{}' NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_event` ON `audit` (`event_id`,`id`);--> statement-breakpoint
CREATE TABLE `imported_codes` (
	`event_id` text NOT NULL,
	`rank` integer NOT NULL,
	`code` text NOT NULL,
	PRIMARY KEY(`event_id`, `rank`),
	FOREIGN KEY (`event_id`) REFERENCES `events`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `imported_codes_code` ON `imported_codes` (`code`);--> statement-breakpoint
CREATE TABLE `refusals` (
	`event_id` text NOT NULL,
	`user_id` text NOT NULL,
	`first_outcome` text NOT NULL,
	`first_at` integer NOT NULL,
	`last_outcome` text NOT NULL,
	`last_at` integer NOT NULL,
	`times` integer NOT NULL,
	PRIMARY KEY(`event_id`, `user_id`)
);
--> statement-breakpoint
ALTER TABLE `events` ADD `window_quota` integer;--> statement-breakpoint
ALTER TABLE `events` ADD `code_prefix` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `events` ADD `code_length` integer DEFAULT 16 NOT NULL;--> statement-breakpoint
ALTER TABLE `events` ADD `codes_imported` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `events` ADD `valid_for_ms` integer;--> statement-breakpoint
ALTER TABLE `events` ADD `valid_until` integer;--> statement-breakpoint
ALTER TABLE `events` ADD `returned` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `issuances` ADD `redeemed_at` integer;--> statement-breakpoint
ALTER TABLE `issuances` ADD `redemption_key` text;--> statement-breakpoint
ALTER TABLE `issuances` ADD `revoked_at` integer;--> statement-breakpoint
ALTER TABLE `issuances` ADD `revocation_reason` text;