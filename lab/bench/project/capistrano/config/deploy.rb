set :application, "checkout-capistrano"
set :deploy_to, "/opt/checkout-capistrano"
set :keep_releases, 5
set :version, ENV.fetch("RELEASE")
set :tarball, ENV.fetch("TARBALL")
set :service_port, ENV.fetch("SERVICE_PORT")
set :ssh_options, {
  keys: [ENV.fetch("SSH_KEY")],
  keys_only: true,
  user_known_hosts_file: ENV.fetch("KNOWN_HOSTS"),
  verify_host_key: :always
}

namespace :deploy do
  task :restart do
    on release_roles(:all) do
      execute :sudo, :systemctl, :restart, "checkout-capistrano.service"
    end
  end

  desc "Wait until every host serves the new version"
  task :health do
    on release_roles(:all) do |host|
      url = "http://localhost:#{fetch(:service_port)}/_status"
      healthy = 30.times.any? do |attempt|
        sleep 1 if attempt > 0
        capture(:curl, "--silent", "--max-time", "2", url, raise_on_non_zero_exit: false).include?(%("version":"#{fetch(:version)}"))
      end
      raise "#{host} does not serve #{fetch(:version)}" unless healthy
    end
  end

  after :publishing, :restart
  after :restart, :health
end
